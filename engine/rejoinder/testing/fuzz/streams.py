"""Whole response streams as a server sends them: legal ones, legal ones that are seldom seen, and illegal ones, each by a name.

Rules of this file
* A ``Stream`` is data: the frames of one response from ``response.created`` to its terminal, and what a client should make of
  them. It is a template: ``frames`` and ``answer`` fill in the ids, so that two responses of one server never share any.
* Legal and rare streams break no rule of the protocol: a session takes them without a note. Rare is what other clients broke on,
  or what recordings show now and then (OpenAI WebSocket guide, recordings, openai-python 3.54 types).
* An illegal stream breaks one rule, which has a name. A session names it, too, and only the response that it hits is harmed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum, unique
from itertools import count
from typing import Any, Final

import attrs

from rejoinder.testing.cues import Opening, perform
from rejoinder.testing.error_frames import render_error
from rejoinder.testing.fuzz.brevity import Brief
from rejoinder.testing.outgoing import encoded
from rejoinder.testing.script import Answer, AnswerFunction, ErrorFrame, Event, Raw, Received, Step, Terminal

__all__ = ["Body", "Frame", "Legality", "Stream", "answering", "bodies_of", "numbered"]

Body = dict[str, Any]
Frame = Body | str | bytes
"""An event, or what is none: a text or bytes exactly as they are sent."""

PLACEHOLDER: Final = "$response$"


@unique
class Legality(StrEnum):
    """How a stream stands to the protocol."""

    LEGAL = "legal"
    """What servers send every day."""
    RARE = "rare"
    """As legal, and seldom seen: clients break on it."""
    ILLEGAL = "illegal"
    """What no right server sends."""


@attrs.frozen(repr=False)
class Stream(Brief):
    """The frames of one response."""

    legality: Legality = Legality.LEGAL
    """How it stands to the protocol."""
    name: str = ""
    """What is rare or illegal about it."""
    template: Sequence[Frame] = ()
    """The frames, with a placeholder where ids belong."""
    text: str = ""
    """The words that a caller hears if the stream is legal: its text deltas, joined."""
    terminal: Terminal | None = "completed"
    """How it ends; None if it does not."""

    def frames(self, response_id: str = "resp_1") -> list[str | bytes]:
        """The frames as they are sent on a connection without lanes, with ``response_id`` and ids made from it."""
        return [frame if isinstance(frame, str | bytes) else encoded(frame) for frame in self._filled(response_id)]

    def answer(self, response_id: str = "resp_1") -> Answer:
        """The same as what a ``ModelServer`` answers; the server adds lane names where it has lanes."""
        steps: list[Step] = [Raw(frame) if isinstance(frame, str | bytes) else Event(frame) for frame in self._filled(response_id)]
        output = [step.body["response"].get("output") for step in steps if isinstance(step, Event) and "response" in step.body]
        return Answer(
            steps,
            created=0,
            in_progress=False,
            terminal=self.terminal,
            terminal_by_hand=True,
            output=tuple(output[-1] or ()) if output else (),
            response_id=response_id,
        )

    def _filled(self, response_id: str) -> list[Frame]:
        name = json.dumps(response_id)[1:-1]
        return [
            frame if isinstance(frame, bytes | str) else json.loads(json.dumps(frame).replace(PLACEHOLDER, name))
            for frame in self.template
        ]


def answering(streams: Sequence[Stream]) -> AnswerFunction:
    """Answer the n-th create with the n-th stream, and the first again after the last."""

    def answer(received: Received) -> Answer:
        return streams[received.index % len(streams)].answer(f"resp_{received.index + 1}")

    return answer


def bodies_of(answer: Answer) -> list[Body]:
    """The events of an answer, as a server without lanes sends them, numbered from 0."""
    numbers: Mapping[str, count[int]] = {prefix: count() for prefix in ("msg", "rs", "fc", "call", "item")}
    opening = Opening(
        body={"model": "test"},
        response_id=PLACEHOLDER,
        at=0.0,
        next_id=lambda prefix: f"{prefix}_{PLACEHOLDER}_{next(numbers[prefix])}",
        input_tokens=1,
        cached_tokens=0,
    )
    said = (cue.step for cue in perform(answer, opening).cues)
    return numbered(
        [
            render_error(step, 0, None) if isinstance(step, ErrorFrame) else dict(step.body)
            for step in said
            if isinstance(step, Event | ErrorFrame)
        ]
    )


def numbered(bodies: Sequence[Body]) -> list[Body]:
    """The same events with the sequence numbers that belong to their order: from 0, one by one (recorded)."""
    return [{**body, "sequence_number": number} for number, body in enumerate(bodies)]
