"""A chat: lines in, answers out, and Ctrl-C for the answer only.

Rules of this file
* A line is read in a thread, so the session lives on while somebody thinks: pings are answered, and links are renewed.
* The thread reads the descriptor itself. A thread that is left behind inside ``sys.stdin`` would hold its lock and break the
  interpreter's shutdown.
* Ctrl-C arrives as a signal and cancels one scope: that of the answer, or that of the prompt. No ``KeyboardInterrupt`` is raised.
* What the server says is printed so that a terminal does not obey it. Answers go to one stream, everything else to the other.
"""

from __future__ import annotations

import codecs
import os
import signal
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, TextIO, final

import trio

from rejoinder.engine import Conversation, Observation, Response, ResponseError, Sent, Session
from rejoinder.states.content_events import OutputTextDelta, RefusalDelta

from .printable import printable
from .wording import sent_in_words

__all__ = ["Chat", "LineReader", "stdin_reader"]

CHUNK: Final = 65_536
PROMPT: Final = "> "

ReadLine = Callable[[], Awaitable[str | None]]
"""Waits for a line; None at the end."""


@final
class LineReader:
    """Lines from something that is read in chunks, in a thread."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._text = ""
        self._ended = False

    async def __call__(self) -> str | None:
        """The next line without its end; None when there are no more. May be cancelled; nothing that was read is lost."""
        while "\n" not in self._text and not self._ended:
            data = await trio.to_thread.run_sync(self._read, abandon_on_cancel=True)
            self._ended = not data
            self._text += self._decoder.decode(data, final=self._ended)
        if not self._text:
            return None
        line, _, self._text = self._text.partition("\n")
        return line


def stdin_reader(stdin: TextIO) -> LineReader:
    """Lines from ``stdin``, by its descriptor where it has one."""
    try:
        return LineReader(partial(os.read, stdin.fileno(), CHUNK))
    except (OSError, ValueError):
        return LineReader(lambda: stdin.readline().encode("utf-8", "surrogatepass"))


@final
class Chat:
    """One chat, from the first line to the last."""

    def __init__(self, read_line: ReadLine, answers: TextIO, remarks: TextIO, *, interactive: bool, verbose: bool) -> None:
        self._read_line = read_line
        self._answers = answers
        self._remarks = remarks
        self._interactive = interactive
        self._verbose = verbose
        self._conversation = Conversation()
        self._scope = trio.CancelScope()

    async def hold(self, session: Session) -> int:
        """Talk until there are no more lines; returns the exit status.

        A turn that fails ends the chat with status 1 if nothing has worked yet, or if nobody is there to try again.
        """
        if self._verbose:
            session.observe(self._observe)
        worked = False
        with trio.open_signal_receiver(signal.SIGINT) as signals:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._heed, signals)
                while (line := await self._ask()) is not None:
                    if not line.strip():
                        continue
                    answered = await self._answer(session, line)
                    worked = worked or answered
                    if not answered and not (worked and self._interactive):
                        return _cancelled(nursery, 1)
                return _cancelled(nursery, 0)

    def remark(self, text: str) -> None:
        """Say something that is not the server's answer."""
        self._remarks.write(f"{text}\n")
        self._remarks.flush()

    async def _heed(self, signals: Any) -> None:  # noqa: ANN401 (trio gives the type no name)
        async for _ in signals:
            self._scope.cancel()

    @contextmanager
    def _interruptible(self) -> Generator[trio.CancelScope]:
        with trio.CancelScope() as self._scope:
            yield self._scope

    async def _ask(self) -> str | None:
        if self._interactive:
            self._say(PROMPT)
        line: str | None = None
        with self._interruptible():
            line = await self._read_line()
        if line is None and self._interactive:
            self._say("\n")
        return line

    async def _answer(self, session: Session, line: str) -> bool:
        """Ask and show the answer; False if there was none. An interruption is no failure."""
        self._conversation.user(line)
        heard: list[str] = []
        response: Response | None = None
        failure: ResponseError | None = None
        with self._interruptible() as scope:
            async with session.respond(self._conversation) as response:
                failure = await self._listen(response, heard)
        if heard:
            self._say("\n")
        if scope.cancelled_caught:
            self.remark("[interrupted]")
            self._remember_heard(response, heard)
            return True
        if failure is not None:
            self.remark(printable(str(failure)))
            self._remember_heard(response, heard)
            return False
        if response.incomplete_reason is not None:
            self.remark(f"[incomplete: {printable(response.incomplete_reason)}]")
        return True

    async def _listen(self, response: Response, heard: list[str]) -> ResponseError | None:
        try:
            async for event in response:
                if isinstance(event, OutputTextDelta | RefusalDelta):
                    heard.append(event.delta)
                    self._say(printable(event.delta))
        except ResponseError as error:
            return error
        return None

    def _remember_heard(self, response: Response | None, heard: list[str]) -> None:
        """The conversation goes on from what was heard."""
        if response is not None:
            self._conversation.heard(response, "".join(heard))

    def _observe(self, observation: Observation) -> None:
        if isinstance(observation, Sent):
            self.remark(f"[sent {sent_in_words(observation, len(self._conversation))}]")

    def _say(self, text: str) -> None:
        self._answers.write(text)
        self._answers.flush()


def _cancelled(nursery: trio.Nursery, status: int) -> int:
    nursery.cancel_scope.cancel()
    return status
