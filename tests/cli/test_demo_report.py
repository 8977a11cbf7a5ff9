"""The report succeeds only if everything was shown and every promise kept, and says what is missing."""

import json

import attrs
import pytest

from cli.held import Held
from rejoinder.cli.demo_report import Report
from rejoinder.cli.demo_talk import Savings
from rejoinder.cli.happenings import Happening
from rejoinder.cli.judge import Finding

GOOD = Report(
    "openai",
    2.5,
    (Happening("tool-call", "a tool call", ("[q4]", "[q5]")),),
    (Finding("one-outcome", "One outcome each", "2 requests."),),
    Savings(3, 1, 10, 4, 1000, 300),
)
BROKEN = Finding("no-word-twice", "No word twice", "hidden", ("[q1] was sent again.", "[q2]\x1b too."))
MISSING = Happening("cache-miss", "a cache miss", ())


def test_good_report_says_so() -> None:
    assert GOOD.succeeded
    assert [
        "",
        "What happened, by the logs of the server and of the callers",
        "   yes      a tool call: [q4] [q5]",
        "",
        "What was promised, judged from the same two logs",
        "   kept     One outcome each: 2 requests.",
        "",
        "In total 3 requests in 2.5 s. 1 of them sent only what was new: that saved 6 of 10 items and 700 of 1000 bytes.",
        "Every promise was kept.",
    ] == list(GOOD.lines())


def test_broken_promise_is_named_with_what_speaks_against_it() -> None:
    report = attrs.evolve(GOOD, findings=(*GOOD.findings, BROKEN))
    lines = list(report.lines())

    assert not report.succeeded
    assert ["   BROKEN   No word twice", "            - [q1] was sent again.", r"            - [q2]\x1b too."] == lines[6:9]
    assert "The demo failed (broken: No word twice). Please report this with the output above." == lines[-1]


def test_what_did_not_happen_is_named() -> None:
    report = attrs.evolve(GOOD, happenings=(MISSING,))
    lines = list(report.lines())

    assert not report.succeeded
    assert "   NO       a cache miss: DID NOT HAPPEN" == lines[2]
    assert "The demo failed (not shown: a cache miss). Please report this with the output above." == lines[-1]


@pytest.mark.parametrize("succeeded", [True, False], ids=["good", "broken"])
def test_json_says_the_same(*, succeeded: bool) -> None:
    report = GOOD if succeeded else attrs.evolve(GOOD, findings=(BROKEN,), happenings=(MISSING,))
    said = json.loads(json.dumps(report.as_json()))

    assert succeeded == said["succeeded"] == said["promises"][0]["kept"]
    assert {"creates": 3, "continued": 1, "items": 10, "items_sent": 4, "size": 1000, "size_sent": 300} == said["savings"]
    assert ({"tool-call": ["[q4]", "[q5]"]} if succeeded else {"cache-miss": []}) == said["happened"]
    assert list(() if succeeded else BROKEN.violations) == said["promises"][0]["violations"]


def test_savings_are_those_of_the_wire(held: Held) -> None:
    """What was sent is counted by the engine; here it is compared with what the server received."""
    creates = [entry for entry in held.server if entry.type == "response.create"]
    savings = held.report.savings

    assert len(creates) == savings.creates
    assert sum("previous_response_id" in entry.body for entry in creates) == savings.continued
    assert sum(len(entry.body["input"]) for entry in creates) == savings.items_sent
    assert sum(len(entry.data) for entry in creates) == savings.size_sent
    assert savings.size > savings.size_sent
