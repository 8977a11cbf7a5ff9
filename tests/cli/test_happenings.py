"""What the demo claims to show is found in the logs where it happened, and is missed where it did not."""

import attrs
import pytest

from cli.held import Held
from rejoinder.cli.happenings import look_up
from rejoinder.cli.judge import Terms

WHERE = {
    "continued": ("[q2]", "[q3]", "[q4]"),
    "tool-call": ("[q4]",),
    "cancelled-early": ("[q5]",),
    "cancelled-late": ("[q7]",),
    "lost-unnoticed": ("[q9]",),
    "lost-mid-answer": ("[q10]",),
    "cache-miss": ("[q12]",),
}


def found(held: Held) -> dict[str, tuple[str, ...]]:
    """What is found in the logs."""
    return {each.name: each.tags for each in look_up(held.server, held.caller, held.plan.terms)}


def test_everything_is_found_where_it_happened(held: Held, held_serial: Held) -> None:
    assert WHERE == found(held)
    assert WHERE == found(held_serial)


def test_nothing_is_found_in_empty_logs() -> None:
    happenings = look_up((), (), Terms(1, 1.0))

    assert list(WHERE) == [each.name for each in happenings]
    assert not any(each.happened for each in happenings)


@pytest.mark.parametrize(
    "name, missing",
    [
        ("continued", "response.completed"),
        ("tool-call", "response.output_item.added"),
        ("cancelled-early", "response.create"),
        ("cancelled-late", "response.create"),
        ("lost-unnoticed", "dropped"),
        ("lost-mid-answer", "dropped"),
        ("cache-miss", "error"),
    ],
)
def test_it_did_not_happen_if_the_server_does_not_know_of_it(held: Held, name: str, missing: str) -> None:
    server = tuple(entry for entry in held.server if missing not in {entry.type, entry.data})

    assert () == found(attrs.evolve(held, server=server))[name]


@pytest.mark.parametrize(
    "name, missing",
    [
        ("continued", "ended"),
        ("cancelled-early", "cancelled"),
        ("cancelled-late", "delivered"),
        ("lost-unnoticed", "ended"),
        ("lost-mid-answer", "ended"),
        ("cache-miss", "ended"),
    ],
)
def test_it_did_not_happen_if_no_caller_knows_of_it(held: Held, name: str, missing: str) -> None:
    caller = tuple(entry for entry in held.caller if entry.what != missing)

    assert () == found(attrs.evolve(held, caller=caller))[name]


def test_cancel_that_comes_too_late_interrupts_nothing(held: Held) -> None:
    caller = tuple(attrs.evolve(entry, at=1000.0) if entry.what == "cancelled" else entry for entry in held.caller)
    happened = found(attrs.evolve(held, caller=caller))

    assert () == happened["cancelled-early"]
    assert () == happened["cancelled-late"]
