"""The clients of a soak: sessions that open, talk, are interrupted and close, each with a diary that is judged when it is over.

Rules of this file
* Every request of a soak has a number of its own, over all sessions, and every word that is said to it carries that number: so a
  word that comes to somebody else's caller is seen, whichever way it went.
* A session lives for some seconds, and its diary is thrown away with it. What is kept are figures.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, final

import attrs
import trio

from rejoinder.engine import Endpoint, RejoinderError, Response, Session, SessionClosed, Settings, open_session
from rejoinder.engine.observations import Observation, Sent, TakenBack
from rejoinder.engine.wire import Wire, WireClosed
from rejoinder.engine.wire_choice import WireName, open_chosen_wire
from rejoinder.states.verdicts import OutcomeKind
from rejoinder.testing.fuzz.engine_diary import Began, Diary, Given, Observed, Wired
from rejoinder.testing.fuzz.engine_hearing import Hearing
from rejoinder.testing.fuzz.engine_judge import Judge
from rejoinder.testing.fuzz.engine_plots import Ask, Exit, Leaving, Moment
from rejoinder.testing.fuzz.setups import fields_of, nonces_in
from rejoinder.testing.input_items import user

from .soak_stations import Station, words_of
from .soak_tally import Pulse, Tally

__all__ = ["Crowd"]

SLACK: Final = 20.0
"""Seconds beyond its deadlines in which a caller must be over, or a session closed, on a machine that has other work."""
WIRES: Final[Sequence[WireName]] = ("trio-websocket", "websockets")
"""The libraries that carry frames, in turn."""
MOST_DIARIES: Final = 5
"""Diaries that are kept for whoever looks into a violation."""
LONGEST: Final = 400
"""Characters of a line of such a diary."""
CLOSE: Final = 2.0
"""Seconds that closing a session may take, by its setting."""


@final
class Watched:
    """A ``Wire`` that writes into a diary what it gives to the engine."""

    def __init__(self, wire: Wire, number: int, diary: Diary) -> None:
        self._wire = wire
        self._number = number
        self._diary = diary

    async def send(self, text: str) -> None:
        """As the wire below."""
        await self._wire.send(text)

    async def receive(self) -> Sequence[str | bytes]:
        """As the wire below."""
        try:
            frames = await self._wire.receive()
        except WireClosed:
            self._diary.write(Wired(self._number, "ended"))
            raise
        for frame in frames:
            self._diary.write(Given(self._number, frame))
        return frames

    async def ping(self) -> None:
        """As the wire below."""
        await self._wire.ping()


@final
@attrs.define(eq=False)
class Visit:
    """One session, from its opening to its judgement."""

    number: int
    """Its number, from 1."""
    station: Station
    """Whom it talks to."""
    seed: int
    """The seed of the soak."""
    tally: Tally
    """Where it is counted."""
    pulse: Pulse
    """How far the process is behind."""
    lots: random.Random = attrs.field(repr=False)
    """Its own chance."""
    requests: Iterator[int] = attrs.field(repr=False)
    """The numbers that are free."""
    diary: Diary = attrs.field(factory=Diary, repr=False)
    """What happened."""
    hearings: list[Hearing] = attrs.field(factory=list[Hearing], repr=False)
    """What its callers heard."""
    sockets: Iterator[int] = attrs.field(factory=lambda: itertools.count(1), repr=False)

    async def live(self, port: int, seconds: float, pause: float) -> None:
        """Open a session, talk for so long, close it, and judge the diary."""
        endpoint = Endpoint(f"ws://127.0.0.1:{port}/v1/responses", api_key="none-is-asked-for", profile=self.station.setup.profile)
        wire = self.lots.choice(WIRES)
        settings = Settings(policy=self.station.policy, close_deadline=CLOSE, wire=wire)
        self.tally.counts[f"sessions on {wire}"] += 1
        self.tally.counts["sessions"] += 1
        broken_before = len(self.tally.broken)
        sent = 0

        def observe(what: Observation) -> None:
            nonlocal sent
            sent += isinstance(what, Sent) - isinstance(what, TakenBack)
            self.diary.write(Observed(what))

        async with open_session(endpoint, settings, connector=self._connect) as session:
            session.observe(observe)
            with trio.move_on_after(seconds):
                while True:
                    # Two callers at once, so that lanes are used and serial links have somebody waiting.
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(self._ask, session)
                        if self.lots.random() < 0.3:  # noqa: PLR2004 - a share
                            nursery.start_soon(self._ask, session)
                    await trio.sleep(self.lots.expovariate(1 / pause))
            statistics, began, behind = session.statistics(), trio.current_time(), self.pulse.behind
        took = trio.current_time() - began - (self.pulse.behind - behind)
        self._account(statistics.counts.get("Illegal", 0), statistics.creates - sent, took)
        judge = Judge(self.diary, self.station.policy.replay, self.station.right, self.tally.sometimes)
        for broken in judge.read():
            self.tally.break_promise(self.number, str(broken))
        for hearing in self.hearings:
            self._compare(hearing)
        if len(self.tally.broken) > broken_before and len(self.tally.diaries) < MOST_DIARIES:
            began = self.diary.lines[0].at if self.diary.lines else 0.0
            self.tally.diaries.append([f"{line.at - began:9.3f} {line.what!r}"[:LONGEST] for line in self.diary.lines])

    def _account(self, illegal: int, creates: int, took: float) -> None:
        if illegal:
            self.tally.break_promise(self.number, f"promise 7: {illegal} events had no row")
        if creates:
            self.tally.break_promise(self.number, f"promise 7: the statistics differ by {creates} creates from what was sent")
        if took > CLOSE + SLACK:
            self.tally.break_promise(self.number, f"promise 8: the session took {took:.1f} s to close")

    def _connect(self, endpoint: Endpoint, settings: Settings) -> AbstractAsyncContextManager[Wire]:
        return self._watched(open_chosen_wire(endpoint, settings))

    @asynccontextmanager
    async def _watched(self, inner: AbstractAsyncContextManager[Wire]) -> AsyncGenerator[Wire]:
        async with inner as wire:
            yield Watched(wire, next(self.sockets), self.diary)

    # -- callers ---------------------------------------------------------------------------------------------------------------

    async def _ask(self, session: Session) -> None:
        """One turn of one caller."""
        number = next(self.requests)
        hearing = Hearing(number, self._wishes(), tuple(self._items()), self.diary)
        self.hearings.append(hearing)
        self.tally.counts["turns"] += 1
        patience = self.station.policy.deadlines.turn + SLACK
        behind = self.pulse.behind
        with trio.move_on_after(patience) as waiting, hearing.scope:
            await self._hear(session, hearing)
        if waiting.cancelled_caught and self.pulse.behind - behind < SLACK:
            self.tally.break_promise(self.number, f"promise 8: caller {number} waited for {patience:g} s: {hearing.response}")
        hearing.left("over")
        hearing.over = True

    async def _hear(self, session: Session, hearing: Hearing) -> None:
        try:
            async with session.respond(hearing.items, **fields_of(hearing.number)) as response, trio.open_nursery() as nursery:
                self.diary.write(Began(hearing.number, response.number))
                hearing.listen(response)
                leaving = hearing.leaving_at(Moment.SECONDS)
                if leaving is not None:
                    nursery.start_soon(self._break_off, hearing, leaving)
                await self._consume(response, hearing)
                nursery.cancel_scope.cancel()
        except* RejoinderError as errors:
            hearing.error = errors.exceptions[0]
            if isinstance(hearing.error, SessionClosed):
                self.tally.break_promise(self.number, f"promise 3: caller {hearing.number} was told that the session is closed")
        except* Exception as errors:  # noqa: BLE001 - whatever leaves the engine is what is looked for
            self.tally.break_promise(self.number, f"promise 7: {errors.exceptions[0]!r} left the engine")

    async def _consume(self, response: Response, hearing: Hearing) -> None:
        if hearing.ask.events:
            async for _ in response:
                if len(hearing.taken) >= hearing.ask.events:
                    self.tally.counts["interruptions: block left"] += 1
                    return
        elif self.lots.random() < 0.2:  # noqa: PLR2004 - a share
            await response.result()
        else:
            async for _ in response:
                pass

    async def _break_off(self, hearing: Hearing, leaving: Leaving) -> None:
        await trio.sleep(leaving.count)
        if not hearing.over:
            self.tally.counts[f"interruptions: {'cancelled' if leaving.how is Exit.CANCEL else 'task cancelled'}"] += 1
            hearing.leave(leaving.how)

    def _wishes(self) -> Ask:
        """How somebody listens: to the end, or not."""
        luck = self.lots.random()
        if luck < 0.15:  # noqa: PLR2004 - shares
            return Ask(events=self.lots.randint(1, 12))
        if luck < 0.4:  # noqa: PLR2004
            how = self.lots.choice([Exit.CANCEL, Exit.TASK])
            return Ask(leaving=Leaving(Moment.SECONDS, self.lots.choice([0.0, 0.01, 0.1, 0.5, 1.0]), how))
        return Ask()

    def _items(self) -> Sequence[Any]:
        """A first turn, or the next one of somebody who has ended."""
        ended = [hearing for hearing in self.hearings[-5:] if hearing.over]
        if ended and self.lots.random() < 0.7:  # noqa: PLR2004 - a share
            items = [*ended[-1].next_turn, user("Go on")]
            if len(items) < 20:  # noqa: PLR2004 - a frame has a limit here
                return items
        return [user("Hi")]

    # -- texts -----------------------------------------------------------------------------------------------------------------

    def _compare(self, hearing: Hearing) -> None:
        """Compare what came with what the station had to say."""
        if hearing.response is None:
            return
        outcome = hearing.outcomes[0] if hearing.outcomes else None
        failure = None if outcome is None else outcome.failure
        kind = "none" if outcome is None else f"{outcome.kind}{'' if failure is None else f' ({failure.cause})'}"
        self.tally.counts[f"outcomes: {kind}"] += 1
        if outcome is None:
            self.tally.break_promise(self.number, f"promise 3: {hearing} has no outcome")
        said = words_of(self.station, self.seed, hearing.number)
        heard = hearing.response.partial.text if hearing.passed_over else hearing.words
        late = f"<{hearing.number}> late "
        # Not over is who was still listening when the time of the session was over. Who is cancelled may have everything, and not
        # have taken it.
        stayed = hearing.over and not hearing.cancelled and not hearing.scope.cancel_called and not hearing.ask.events
        whole = stayed and outcome is not None and outcome.kind is OutcomeKind.COMPLETED
        if nonces_in(heard) - {hearing.number}:
            self.tally.crossed += 1
            self.tally.break_promise(self.number, f"promise 1: {hearing} heard {heard!r}")
        elif len(heard.replace(late, "")) > len(said):
            self.tally.duplicated += 1
            self.tally.break_promise(self.number, f"promise 5: {hearing} heard {heard!r}, and there was {said!r}")
        elif self.station.right and whole and heard != said:
            self.tally.lost += 1
            self.tally.break_promise(self.number, f"promise 10: {hearing} heard {heard!r}, and there was {said!r}")


@final
@attrs.define(eq=False)
class Crowd:
    """All sessions of a soak."""

    seed: int
    """The seed of the soak."""
    stations: Sequence[tuple[Station, int]]
    """Each station, and the port at which it can be reached."""
    tally: Tally = attrs.field(factory=Tally)
    """What came of everything."""
    pulse: Pulse = attrs.field(factory=Pulse)
    """How far this process is behind; whoever runs the crowd lets it beat."""
    requests: Iterator[int] = attrs.field(factory=lambda: itertools.count(1), repr=False)
    visits: Iterator[int] = attrs.field(factory=lambda: itertools.count(1), repr=False)

    async def keep_coming(self, place: int, until: float, life: tuple[float, float], pause: float) -> None:
        """One place in the crowd: session after session, until that instant."""
        lots = random.Random(f"{self.seed} place {place}")  # noqa: S311 - chance that can be had again
        await trio.sleep(lots.uniform(0, pause))
        while (left := until - trio.current_time()) > 0:
            station, port = self.stations[lots.randrange(len(self.stations))]
            number = next(self.visits)
            own = random.Random(f"{self.seed} session {number}")  # noqa: S311
            visit = Visit(number, station, self.seed, self.tally, self.pulse, own, self.requests)
            try:
                await visit.live(port, min(own.uniform(*life), left), pause)
            except Exception as error:  # noqa: BLE001 - whatever leaves a session is what is looked for
                self.tally.break_promise(number, f"promise 7: {error!r} left the session")
