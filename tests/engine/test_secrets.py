"""The key is in the handshake and nowhere else, whatever goes wrong."""

import logging
import pickle
import traceback

import attrs
import pytest
import trio
import trio.testing

from harness.loopback import HOST, answer, free_port, http, listen
from harness.pair import KEY, open_pair
from rejoinder.engine import (
    Endpoint,
    InvalidEndpoint,
    InvalidRequest,
    Observation,
    Policy,
    RejoinderError,
    Response,
    ResponseError,
    Session,
    SessionClosed,
    Settings,
    open_session,
)
from rejoinder.testing import (
    AZURE,
    Answer,
    CancelMode,
    ErrorFrame,
    LinkPlan,
    LoseConnection,
    ModelServer,
    Raw,
    Stall,
    Text,
    scripted,
)
from rejoinder.testing.simulator import serve


@attrs.define(eq=False)
class Everything:
    """All that a user could see or write down."""

    shown: list[str] = attrs.field(factory=list[str])
    kinds: set[str] = attrs.field(factory=set[str])
    """The names of the errors that were seen."""

    def add(self, *values: object) -> None:
        for value in values:
            self.shown += [str(value), repr(value)]

    def add_error(self, error: BaseException) -> None:
        self.kinds.add(type(error).__name__)
        self.add(error, error.args, vars(error))
        self.shown += traceback.format_exception(error)

    def add_session(self, session: Session) -> None:
        self.add(session, session.statistics())

    def observe(self, observation: Observation) -> None:
        self.add(observation)

    @property
    def with_key(self) -> list[str]:
        return [text for text in self.shown if KEY in text]


async def ask(everything: Everything, session: Session, text: str) -> Response | None:
    """Ask, and keep everything there is to see of it."""
    try:
        async with session.respond(text) as response:
            async for event in response:
                everything.add(event)
            everything.add(response, response.partial, response.decision, response.outcome)
            return response
    except RejoinderError as error:
        everything.add_error(error)
        if isinstance(error, ResponseError):
            everything.add(error.outcome, error.failure, error.verdict, error.partial)
    finally:
        everything.add_session(session)
    return None


async def test_nowhere_in_a_run_in_which_much_goes_wrong(
    autojump_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        Answer([Text("well")]),
        Answer(reject=ErrorFrame(code="invalid_value")),
        Answer([Text("half"), LoseConnection(1011)]),
        Answer([Raw("{")]),
        Answer([Text("fault"), ErrorFrame(shape="wrapped_in_sequence")], terminal="failed"),
        Answer([Stall()]),
        Answer([Text("end")]),
    ]
    server = ModelServer(AZURE, scripted(answers), CancelMode.ERROR)
    plans = [LinkPlan(unreachable=True), LinkPlan(refuse_status=503), LinkPlan()]
    everything = Everything()
    async with open_pair(server, plans=plans, policy=Policy(signal=True)) as pair:
        pair.session.observe(everything.observe)

        def broken(observation: Observation) -> None:
            raise RuntimeError("observer")

        pair.session.observe(broken)
        for number in range(6):
            with trio.move_on_after(200):
                await ask(everything, pair.session, str(number))
        with pytest.raises(InvalidRequest) as caught:
            await pair.ask(b"bytes")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        everything.add_error(caught.value)
        pair.network.plans.extend([LinkPlan(refuse_status=401)] * 2)
        for link in pair.network.links:
            link.cut()
        await ask(everything, pair.session, "refused")
    with pytest.raises(SessionClosed) as closed:
        await pair.ask("late")
    everything.add_error(closed.value)
    everything.shown += [f"{record.getMessage()} {record.exc_text}" for record in caplog.records] + [caplog.text]

    assert {"ConnectionFailed", "Interrupted", "InvalidRequest", "ResponseFailed", "SessionClosed"} <= everything.kinds
    assert [f"Bearer {KEY}"] * len(pair.network.links) == [link.headers["Authorization"] for link in pair.network.links]
    assert 100 < len(everything.shown)
    assert [] == everything.with_key


async def test_nowhere_on_real_sockets_down_to_the_debug_logs(
    each_wire: str, loopback_clock: trio.testing.MockClock, caplog: pytest.LogCaptureFixture, nursery: trio.Nursery
) -> None:
    caplog.set_level(logging.DEBUG)
    everything = Everything()
    refusing = await listen(nursery, answer(http(401)))
    garbage = await listen(nursery, answer(b"\x00\xff"))
    async with serve(ModelServer(answer=scripted([Answer([Text("well")]), Answer([LoseConnection()])]))) as simulator:
        urls = [simulator.url, refusing.url, garbage.url, f"ws://{HOST}:{free_port()}/"]
        for url in urls:
            endpoint = Endpoint(url, api_key=KEY, headers={"X-Key": KEY})
            everything.add(endpoint, Settings())
            async with open_session(endpoint) as session:
                session.observe(everything.observe)
                for text in ("one", "two"):
                    await ask(everything, session, text)
        upgrades = simulator.upgrades
    everything.shown += [record.getMessage() for record in caplog.records]

    # The one library's debug log was looked at, and has no key; the other's would have, and is silent.
    assert (each_wire == "trio-websocket") == ("trio-websocket" in {record.name for record in caplog.records})
    assert not [record for record in caplog.records if record.name.startswith("websockets.client")]
    assert KEY == upgrades[0]["x-key"]
    assert [] == everything.with_key


@pytest.mark.parametrize(
    "fields",
    [
        {"api_key": KEY + "\n"},
        {"api_key": KEY, "headers": {"X-Key": KEY + "\r"}},
        {"url": f"wss://{KEY}@localhost/"},
        {"url": f"wss://me:{KEY}@localhost/"},
        {"url": f"wss://localhost:{KEY}/"},
        {"url": f"wss://{KEY}@exam\u2100ple.com/"},
        {"url": f"wss://localhost/?key={KEY}&ü"},
        {"url": f"http://localhost/?key={KEY}"},
    ],
    ids=repr,
)
def test_nowhere_in_what_is_said_about_a_bad_endpoint(fields: dict[str, object]) -> None:
    everything = Everything()
    with pytest.raises(InvalidEndpoint) as caught:
        Endpoint(**{"api_key": KEY, **fields})  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    everything.add_error(caught.value)

    # The traceback quotes the line of this test, which names the key by its name.
    assert [] == everything.with_key


def test_not_in_the_repr_of_an_endpoint() -> None:
    endpoint = Endpoint(f"wss://localhost/?api-key={KEY}", api_key=KEY, headers={"api-key": KEY})

    assert KEY not in repr(endpoint)
    assert KEY == pickle.loads(pickle.dumps(endpoint)).key  # noqa: S301 - its own
