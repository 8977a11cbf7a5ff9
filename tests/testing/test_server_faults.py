"""A server can be wrong as a whole: it refuses, forgets, drops, or reaches its age limit early."""

import attrs
import pytest

from rejoinder.testing import GENERIC, Answer, HandshakeRefused, ModelServer, Pause, ServerFaults, scripted
from testing.exchange import ask, code, create, kinds, settle


def test_nothing_is_wrong_by_default() -> None:
    assert ServerFaults() == ModelServer().faults


def test_handshakes_are_refused() -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=503, refuse_headers=(("retry-after", "1"),)))
    for _ in range(3):
        with pytest.raises(HandshakeRefused) as refused:
            server.connect(0.0)

        assert (refused.value.status, refused.value.headers) == (503, {"retry-after": "1"})
    assert ["refused 503"] * 3 == [entry.data for entry in server.log]
    assert [-1] * 3 == [entry.connection for entry in server.log]


def test_only_so_many_handshakes_are_refused() -> None:
    server = ModelServer(faults=ServerFaults(refuse_status=503, refuse_count=1))
    with pytest.raises(HandshakeRefused):
        server.connect(0.0)

    assert server.connect(0.0) == 0


def test_a_continuation_is_forgotten_once() -> None:
    server = ModelServer(faults=ServerFaults(forget_continuations=1))
    link = server.connect(0.0)
    ask(server, link, create(), 0.0)
    forgotten = ask(server, link, create(previous_response_id="resp_1", stream_id="fork"), 1.0)
    found = ask(server, link, create(previous_response_id="resp_1", stream_id="fork"), 2.0)

    assert code(forgotten) == "previous_response_not_found"
    assert kinds(found)[-1] == "completed"


@pytest.mark.parametrize("frames", [1, 4, 7])
def test_a_connection_is_dropped_after_so_many_frames(frames: int) -> None:
    server = ModelServer(faults=ServerFaults(drop_after_frames=frames))
    link = server.connect(0.0)
    said = kinds(ask(server, link, create("x"), 0.0))

    assert (frames, "(drop)") == (len(said) - 1, said[-1])
    assert not server.is_open(link)


@pytest.mark.parametrize("frames, expected", [(3, ["created", "in_progress", "completed"]), (4, ["error"])])
def test_a_drop_takes_the_waiting_creates_along(frames: int, expected: list[str]) -> None:
    answers = scripted([Answer([Pause(1.0)])])
    server = ModelServer(GENERIC, answers, faults=ServerFaults(drop_after_frames=frames))
    link = server.connect(0.0)
    server.receive(link, create(), 0.0)
    server.receive(link, create(previous_response_id="resp_x"), 0.0)
    server.receive(link, create(), 0.0)
    said = kinds(settle(server, 10.0))

    assert [*expected, "(drop)"] == said[-len(expected) - 1 :]
    assert frames + 1 == len(said)


def test_a_drop_may_fall_on_the_age_limit() -> None:
    server = ModelServer(attrs.evolve(GENERIC, max_age=5.0), faults=ServerFaults(drop_after_frames=1))
    server.connect(0.0)

    assert ["error", "(drop)"] == kinds(settle(server))


def test_the_age_limit_comes_in_place_of_a_create() -> None:
    server = ModelServer(faults=ServerFaults(age_limit_after_creates=1))
    link = server.connect(0.0)

    assert kinds(ask(server, link, create(), 0.0))[-1] == "completed"
    assert ["error", "(1001)"] == kinds(ask(server, link, create(), 1.0))
    assert kinds(ask(server, server.connect(2.0), create(), 2.0))[-1] == "completed"
