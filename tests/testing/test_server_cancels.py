"""A cancel is honoured, ignored, refused, or refused too late; each is a server that may exist."""

from collections.abc import Callable

import pytest

from rejoinder.testing import Answer, CancelMode, ErrorFrame, ModelServer, Stall, Text, scripted
from rejoinder.testing.script import Terminal
from testing.exchange import ask, bodies, cancel, create, error, final, kinds, settle

SLOW = Answer([Text("one two three", interval=1.0)])
Make = Callable[..., tuple[ModelServer, int]]


@pytest.fixture
def make() -> Make:
    def streaming(mode: CancelMode, answer: Answer = SLOW, **settings: object) -> tuple[ModelServer, int]:
        """A server that has said two of three words by 2.5."""
        server = ModelServer(answer=scripted([answer]), cancel_mode=mode, **settings)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        link = server.connect(0.0)
        ask(server, link, create(), 0.0, 2.5)
        return server, link

    return streaming


def test_honoured_at_once(make: Make) -> None:
    server, link = make(CancelMode.HONOUR)
    said = ask(server, link, cancel("resp_1"), 2.5)

    assert ["incomplete"] == kinds(said)
    assert final(said)["status"] == "incomplete"
    assert final(said)["incomplete_details"] == {"reason": "cancelled"}
    assert final(said)["output"][0]["content"][0]["text"] == "one two"
    assert settle(server, 100.0) == []


def test_honoured_after_a_while(make: Make) -> None:
    server, link = make(CancelMode.HONOUR, cancel_delay=0.4)

    assert ask(server, link, cancel("resp_1"), 2.5, 2.8) == []
    assert ["incomplete"] == kinds(settle(server, 2.9))


def test_the_stream_goes_on_until_the_stop(make: Make) -> None:
    answer = Answer([Text("1 2 3 4 5", interval=1.0)])
    server, link = make(CancelMode.HONOUR, answer, cancel_delay=1.0)
    said = ask(server, link, cancel("resp_1"), 2.5, 100.0)

    assert ["output_text.delta", "incomplete"] == kinds(said)
    assert final(said)["output"][0]["content"][0]["text"] == "1 2 3"


def test_a_natural_end_comes_before_a_slow_stop(make: Make) -> None:
    server, link = make(CancelMode.HONOUR, cancel_delay=5.0)

    assert kinds(ask(server, link, cancel("resp_1"), 2.5, 100.0))[-1] == "completed"


@pytest.mark.parametrize("terminal", ["completed", "failed", "incomplete"])
def test_the_terminal_can_be_set(make: Make, terminal: Terminal) -> None:
    server, link = make(CancelMode.HONOUR, cancel_terminal=terminal)
    said = ask(server, link, cancel("resp_1"), 2.5)

    assert [terminal] == kinds(said)
    assert terminal == final(said)["status"]


def test_a_stalled_response_can_be_stopped(make: Make) -> None:
    server, link = make(CancelMode.HONOUR, Answer([Text("one"), Stall()]))

    assert ["incomplete"] == kinds(ask(server, link, cancel("resp_1"), 2.5))


def test_a_second_cancel_changes_nothing(make: Make) -> None:
    server, link = make(CancelMode.HONOUR, cancel_delay=0.4)
    server.receive(link, cancel("resp_1"), 2.5)

    assert ["incomplete"] == kinds(ask(server, link, cancel("resp_1"), 2.6, 100.0))


def test_the_lane_is_free_after_the_stop(make: Make) -> None:
    server, link = make(CancelMode.HONOUR)
    server.receive(link, create("next"), 2.5)

    assert kinds(ask(server, link, cancel("resp_1"), 2.5))[:2] == ["incomplete", "created"]


def test_ignored(make: Make) -> None:
    server, link = make(CancelMode.IGNORE)
    said = ask(server, link, cancel("resp_1"), 2.5, 100.0)

    assert kinds(said)[-1] == "completed"
    assert "error" not in kinds(said)


def test_refused_while_the_stream_goes_on(make: Make) -> None:
    server, link = make(CancelMode.ERROR)
    said = ask(server, link, cancel("resp_1"), 2.5, 100.0)

    assert kinds(said)[0] == "error"
    assert kinds(said)[-1] == "completed"


def test_the_error_carries_no_label(make: Make) -> None:
    server, link = make(CancelMode.ERROR)
    body = error(ask(server, link, cancel("resp_1"), 2.5))

    assert ["error", "status", "type"] == sorted(body)
    assert body["status"] == 400


def test_an_error_on_a_named_lane_carries_no_label_either() -> None:
    server = ModelServer(answer=scripted([SLOW]), cancel_mode=CancelMode.ERROR, cancel_error=ErrorFrame(code="own"))
    link = server.connect(0.0)
    ask(server, link, create(stream_id="a"), 0.0)
    body = error(ask(server, link, cancel("resp_1"), 0.0))

    assert "stream_id" not in body
    assert body["error"]["code"] == "own"


def test_refused_and_silent(make: Make) -> None:
    server, link = make(CancelMode.ERROR, cancel_stream_goes_on=False, cancel_delay=0.5)

    said = ask(server, link, cancel("resp_1"), 2.5, 100.0)

    assert [("error", 3.0)] == [(kind, each.at) for kind, each in zip(kinds(said), said, strict=True)]
    assert kinds(ask(server, link, create("next"), 100.0))[0] == "created"


@pytest.mark.row("07d")
def test_refused_after_the_terminal(make: Make) -> None:
    server, link = make(CancelMode.LATE_ERROR, cancel_delay=0.5)
    said = ask(server, link, cancel("resp_1"), 2.5, 100.0)

    assert ["completed", "error"] == kinds(said)[-2:]
    assert [3.0, 3.5] == [each.at for each in said[-2:]]


def test_stopped_and_refused_after_the_terminal(make: Make) -> None:
    server, link = make(CancelMode.LATE_ERROR, cancel_stream_goes_on=False, cancel_delay=0.5)

    assert ["incomplete", "error"] == kinds(ask(server, link, cancel("resp_1"), 2.5, 100.0))


@pytest.mark.row("06b")
@pytest.mark.parametrize("response_id", ["resp_1", "resp_9", None, 7])
@pytest.mark.parametrize("mode", list(CancelMode))
def test_a_cancel_for_nothing_is_refused_in_the_error_modes_only(make: Make, mode: CancelMode, response_id: object) -> None:
    server, link = make(mode)
    settle(server, 10.0)
    said = ask(server, link, cancel(response_id), 10.0)
    expected = ["error"] if mode in {CancelMode.ERROR, CancelMode.LATE_ERROR} else []

    assert expected == kinds(said)


def test_a_cancelled_response_cannot_be_continued(make: Make) -> None:
    server, link = make(CancelMode.HONOUR)
    ask(server, link, cancel("resp_1"), 2.5)
    (body,) = bodies(ask(server, link, create(previous_response_id="resp_1"), 3.0))

    assert body["error"]["code"] == "previous_response_not_found"
