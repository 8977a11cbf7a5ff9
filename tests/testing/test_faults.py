"""Every fault can be picked by its name, and does what its name says."""

import math

import pytest

from rejoinder.testing import (
    FAULTS,
    GENERIC,
    Answer,
    Call,
    ErrorFrame,
    FaultError,
    HandshakeRefused,
    Message,
    ModelServer,
    Pause,
    Reasoning,
    Refusal,
    ServerSetup,
    Text,
    parse_fault,
    scripted,
    with_faults,
)
from testing.exchange import ask, bodies, code, create, final, kinds

FIRST = ["created", "in_progress", "output_item.added", "content_part.added", "output_text.delta"]


def build(*faults: str, answer: Answer | None = None) -> tuple[ModelServer, int]:
    setup = ServerSetup(GENERIC, scripted([answer or Answer([Text("one two")])]))
    server = with_faults(setup, faults).build()
    return server, server.connect(0.0)


def play(*faults: str, answer: Answer | None = None, until: float = 100.0) -> list[str]:
    server, link = build(*faults, answer=answer)
    return kinds(ask(server, link, create(), 0.0, until))


def test_every_name_is_its_own_key() -> None:
    assert list(FAULTS) == [kind.name for kind in FAULTS.values()]
    assert all(kind.meaning and (kind.change is None) is not (kind.configure is None) for kind in FAULTS.values())


def test_no_fault_changes_nothing() -> None:
    assert kinds(ask(*build(), create(), 0.0)) == play()


def test_settings_are_passed_on() -> None:
    assert ServerSetup().build(cancel_delay=3.0).cancel_delay == 3.0


def test_stall() -> None:
    assert FIRST == play("stall")
    assert FIRST[:2] == play("stall:2")


def test_trickle() -> None:
    answer = Answer([Text("a b"), Call("f", "{}"), Reasoning("c"), Refusal("d"), Pause(0.0)])
    server, link = build("trickle:10", answer=answer)
    said = ask(server, link, create(), 0.0, 1000.0)
    times = [each.at for each in said if isinstance(each, Message) and ".delta" in (each.type or "")]

    assert [10.0, 20.0, 30.0, 40.0, 50.0, 60.0] == times


@pytest.mark.parametrize("name, kind", [("garbage", str), ("binary", bytes)])
def test_garbage_and_binary(name: str, kind: type) -> None:
    server, link = build(name)
    said = ask(server, link, create(), 0.0)

    assert [*FIRST, "(raw)", "output_text.delta"] == kinds(said)[:7]
    assert isinstance(said[5], Message)
    assert isinstance(said[5].data, kind)
    assert kinds(said)[-1] == "completed"


@pytest.mark.row("20b")
def test_oversized() -> None:
    server, link = build("oversized")
    said = ask(server, link, create(), 0.0)
    sizes = [len(each.data) for each in said if isinstance(each, Message)]

    assert sizes[-1] > 1024 * 1024 > max(sizes[:-1])


def test_late_frames() -> None:
    server, link = build("late-frames:3")
    said = ask(server, link, create(), 0.0)

    assert ["completed", *["output_text.delta"] * 3] == kinds(said)[-4:]
    assert bodies(said)[-1]["item_id"] == "msg_1"


def test_created_twice_or_never() -> None:
    assert ["created", "created", "in_progress"] == play("duplicate-created")[:3]
    assert "created" not in play("missing-created")


def test_silent() -> None:
    assert play("silent") == []
    assert play("silent", answer=Answer(reject=ErrorFrame())) == []


def test_age_limit_after_creates() -> None:
    server, link = build("age-limit:1")
    ask(server, link, create(), 0.0)

    assert ["error", "(1001)"] == kinds(ask(server, link, create(), 1.0))


def test_age_limit_after_seconds() -> None:
    server, link = build("age-limit:90s")
    ask(server, link, create(), 0.0)

    assert server.next_deadline() == 90.0


def test_cache_forget() -> None:
    server, link = build("cache-forget")
    ask(server, link, create(), 0.0)

    assert code(ask(server, link, create(previous_response_id="resp_1"), 1.0)) == "previous_response_not_found"


@pytest.mark.parametrize("text, status", [("refused-handshake", 503), ("refused-handshake:401", 401)])
def test_refused_handshake(text: str, status: int) -> None:
    server = with_faults(ServerSetup(), [text]).build()
    with pytest.raises(HandshakeRefused) as refused:
        server.connect(0.0)

    assert status == refused.value.status


def test_drop_after() -> None:
    assert ["created", "in_progress", "output_item.added", "(drop)"] == play("drop-after:3")


def test_a_fault_can_be_held_to_one_answer() -> None:
    server, link = build("missing-created@2")
    counts = [kinds(ask(server, link, create(), float(turn))).count("created") for turn in range(3)]

    assert [1, 0, 1] == counts


def test_faults_compose() -> None:
    assert ["created", "created", "in_progress", "(raw)", "output_item.added"] == play("garbage:3", "duplicate-created", "stall:4")


def test_an_oversized_answer_is_otherwise_the_same() -> None:
    server, link = build("oversized:10")

    assert final(ask(server, link, create(), 0.0))["output"][0]["content"][0]["text"] == "one two"


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "there is no fault named ''"),
        ("stal", "there is no fault named 'stal'"),
        ("stall:", "'' is not a number of at least 0"),
        ("stall:many", "'many' is not a number of at least 0"),
        ("stall:-1", "'-1' is not a number of at least 0"),
        ("trickle:nan", "'nan' is not a number of at least 0"),
        ("trickle:inf", "'inf' is not a number of at least 0"),
        ("trickle:5s", "'5s' is not a number of at least 0"),
        ("silent:1", "silent takes no argument"),
        ("stall@0", "'0' is not a number of at least 1"),
        ("drop-after:3@1", "drop-after concerns the whole server and cannot be held to one answer"),
        ("drop-after:0", "'0' is not a number of at least 1"),
        ("refused-handshake:200", "'200' is not a number between 300 and 599"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_all_names(text: str, why: str) -> None:
    with pytest.raises(FaultError) as refused:
        parse_fault(text)

    assert f"Cannot read the fault {text!r}: {why}. Faults are {', '.join(FAULTS)}." == str(refused.value)


def test_a_default_argument_is_used() -> None:
    assert parse_fault("trickle").argument == 1.0
    assert math.isnan(parse_fault("silent").argument)
