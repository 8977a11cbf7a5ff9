"""``docs/root-causes.md``: seven mistakes, each planted in what runs, and the shortest story that the explorer tells of it.

``python tests/quality/root_causes_page.py`` writes the page anew; a test compares.

Rules of this file
* What a reader learns is written here by hand; stories, diagrams and rows come from what runs.
* A story is that of the smallest world that shows what the mistake costs, not of the first one in which it shows.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from textwrap import fill
from typing import Final

import attrs

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from quality.mutants.mutant import Mutant
from quality.mutants.root_causes import ROOT_CAUSES
from rejoinder.diagrams.sequence import sequence
from rejoinder.states.chart import CHARTS
from rejoinder.states.edges import Staying
from rejoinder.states.story import story
from rejoinder.testing.explore import QUICK, Report, explore_configuration, retell

__all__ = ["CAUSES", "PAGE", "Cause", "page", "shortest"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "root-causes.md"
MOST: Final = 12
"""Steps of a story that a reader still follows."""
RAISED: Final = "was raised"
"""What a judge says of a planted fault that does not fit the code any more: that is no story."""
WIDTH: Final = 125
"""Characters of a line of prose."""
CONFIGURATIONS: Final = {configuration.name: configuration for configuration in QUICK}


@attrs.frozen
class Cause:
    """One mistake, for a reader who designs protocol clients."""

    title: str
    """What is wrong, as a heading."""
    mutant: str
    """The planted fault: what follows ``root cause: `` in its name."""
    configuration: str
    """The world whose story is told."""
    mistake: str
    """What it is, and where it was made here."""
    natural: str
    """Why good programmers make it."""
    cost: str
    """What the story shows."""
    rows: tuple[tuple[str, str, str], ...]
    """The rows that prevent it: machine, phase, event."""
    prevents: str
    """How they do."""


CAUSES: Final = (
    Cause(
        "An id is never cleared",
        "an id is never cleared",
        "serial-hedge",
        """A field says which response is running: it is set by `response.created` and used to cancel and to tell frames apart.
Nothing resets it when the response ends. Planted: the lane keeps the id of the response that has ended.""",
        """Setting the id has an obvious place, an event that carries it. Clearing it has none: a response ends in five ways
(three terminals, an error, a lost link), each in another function, and every test whose conversation has one turn
passes.""",
        """The next response is taken for a stranger's, because its id is not the one on record: a healthy link is thrown away
and the request is sent a second time. In the system that this one re-creates, a cancel named the response that was
over, and the real one ran on, and was billed.""",
        (("response", "streaming", "Completed"), ("response", "awaiting_created", "Created")),
        """The id belongs to the response, and the response to the lane's phase. There is one place where a lane comes to `idle`,
and it forgets everything of the response there, whichever row led to it: no rule can forget to forget.""",
    ),
    Cause(
        "An error does not end a drain",
        "an error does not end a drain",
        "serial-failures",
        """A client that has abandoned a response reads on until its terminal, and knows three of them: completed, failed,
incomplete. An `error` that answers the abandoned create is read, and passed over. Planted: in `cancel_pending` and
`quarantined`, `Rejected` is only counted.""",
        """In the list of events, terminals are `response.*` and end a response; `error` looks like a remark on the side. It ends
nothing while a response streams (there the real terminal follows), so it is easy to think that it never does.""",
        """The create was refused, so no terminal will ever come. Without the row the client waits until the drain deadline, and
the next request waits with it: five seconds of silence, each time, in the system that this one re-creates.""",
        (("response", "cancel_pending", "Rejected"), ("response", "acknowledged", "Fault"), ("response", "draining", "Fault")),
        """What an error means is a matter of the phase it is heard in. The same frame has three rows: before `created` it is the
answer, inside a response it announces one, and in a drain that has begun it is about a cancel.""",
    ),
    Cause(
        "The socket is kept after a drain time-out",
        "the socket is kept after a drain time-out",
        "serial-hedge",
        """The drain has a deadline, and that is right. When it passes, the flags are reset and the socket is used again.
Planted: `Expired` in a drain leads to `idle`.""",
        """A time-out feels like an answer: we have waited long enough, so it must be over. Dialling costs a handshake; a socket
that is open and quiet looks as good as new.""",
        """Nothing is over: the server was slow, and the abandoned response may still speak. The story ends where the lane is
called free. The next request would go out on the same socket, and what comes first would be the rest of the old
answer, in a conversation that asked for something else.""",
        (("response", "draining", "Expired"), ("response", "cancel_pending", "Expired"), ("link", "open", "LaneUnclean")),
        """A deadline proves silence, not an end. So it leads to `quarantined`, a phase in which a lane takes no request, and on
a link without lanes that retires the link. Only a terminal, or the end of the socket, makes a lane clean.""",
    ),
    Cause(
        "A replay after output",
        "a replay after output",
        "impatience",
        """A link is lost in the middle of an answer, and the request is sent again. Planted: a lost response that has begun to
speak may be replayed like one that has not.""",
        """Retrying is what robust clients do, and where the loop lives (around the whole request) it cannot see whether some of
the answer has been handed on. Most losses in tests come before the first word.""",
        """The caller hears the beginning twice; in a voice product, so does the user. And a tool that was called is called
again.""",
        (("response", "acknowledged", "LostReplayable"), ("response", "streaming", "Lost")),
        """The commit point is a phase. `acknowledged` has a row for a loss that may be replayed, `streaming` has none, so there
is nothing to get wrong: the caller gets `Interrupted`, with what it has heard.""",
    ),
    Cause(
        "The continuation is kept after a failure",
        "the continuation is kept after a failure",
        "serial-failures",
        """`previous_response_id` stays what it was until a response completes. After a response has failed, the next request
names the one before. Planted: a failed response leaves its parent as the one to continue.""",
        """A failed turn changes nothing in the conversation, so why should it change what the next one continues? On the
client's side it does not. On the server's, the cache holds one response of each connection, and a failed turn may
have taken its place.""",
        """The next request names a response that the server has dropped. It is refused, just when the user has been let down
once already, and has to be sent in full anyway, one round trip later.""",
        (("response", "streaming", "Failed"), ("response", "acknowledged", "Failed")),
        """Each row that ends a response says what may be continued afterwards, because its rule is named for how it ended:
`completed` keeps the new response, `failed` keeps nothing.""",
    ),
    Cause(
        "The drain is bound for each frame, not in all",
        "the drain is bound for each frame, not in all",
        "serial-hedge",
        """The drain is a loop: wait for the next frame, at most five seconds, until a terminal. Planted: the drain deadline runs
from the last frame.""",
        """A time-out goes where the waiting is, and the waiting is for a frame. With a server that falls silent, the two are the
same, and a silent server is what one thinks of.""",
        """A server that goes on talking is never late. In the story the abandoned response has only begun, and its `created` has
moved the deadline already; each word moves it on. The system that this one re-creates waited for 15 seconds with the
limit set to 5.""",
        (("response", "draining", "Expired"), ("response", "draining", "Content")),
        """A deadline is no timer that frames restart. A phase names its kind of limit and the instant is computed from what the
limit is about: for a drain, from when the caller left (`states/deadlines.py`, one line for each kind).""",
    ),
    Cause(
        "An error without a lane is blamed on the new response",
        "an error without a lane is blamed on the new response",
        "serial-drain",
        """An error that names nothing arrives while one request waits for its `created`. It must be that request's. Planted: the
rows that doubt it are taken out of the classification.""",
        """There is one thing outstanding and one answer. That an older cancel may still be owed an answer, to a response that
was forgotten on purpose, is nobody's business by then.""",
        """The cancel's refusal ends the wrong request, here before its create has even been read. The server will read it, and
answer, and nobody will listen: the caller was told of a failure that did not happen, and the answer meets whatever is
sent next.""",
        (
            ("response", "awaiting_created", "Doubtful"),
            ("response", "doubted", "Created"),
            ("response", "doubted", "ExpiredReplayable"),
        ),
        """Each link counts what its server still owes to cancels. While that is not nothing, an unlabelled error is `Doubtful`,
which has rows of its own: the next frame, or two seconds, tells whose it was.""",
    ),
)
"""In the order in which they are told."""

HEAD: Final = """# Seven root causes

<!-- Written by tests/quality/root_causes_page.py: a change made here is lost. -->

The system that Rejoinder re-creates is a good one, in production, by people who know what they do. Run against a server that is
slow, refuses, or dies at the wrong moment, it repeated itself, fell silent, or spoke words of the turn before. Nearly all of that
comes from seven mistakes. None is stupid, and each is likely in any client that grows a flag at a time.

This page is for people who design protocol clients. Each mistake was made once more, on purpose, in the code that runs here, and
`rejoinder check` was asked what comes of it. What it answers is below: the shortest story there is, not a constructed one. Every
callback, flag and loop in it is gone from the tables; the row that stands in its place is shown at the end of each.

How to read a story: `r1` is the first request, `L1` the first link, `r1.1` the response to the first create of `r1`. A line says
what happens, and behind the arrow what the client does about it. That the server has read a frame is a step, too, and not told. The
diagram says the same, under the promise that is broken. [Every promise in every state](check.md) says how such stories are found.

"""


def shortest(cause: Cause) -> tuple[Report, str, Sequence[str]]:
    """Plant the mistake and explore; the report, its diagram, and its story."""
    configuration = CONFIGURATIONS[cause.configuration]
    with _mutant(cause).apply():
        report = explore_configuration(configuration)
        feds = retell(configuration, report.steps)
        return report, sequence(feds, report.broken or ""), story(feds)


def page() -> str:
    """The page as it should be."""
    parts = [HEAD, *(f"{number}. [{cause.title}](#{_anchor(number, cause)})\n" for number, cause in enumerate(CAUSES, 1))]
    for number, cause in enumerate(CAUSES, 1):
        parts += ["\n", "\n".join(_section(number, cause)), "\n"]
    return "".join(parts)


def _section(number: int, cause: Cause) -> Iterator[str]:
    report, diagram, lines = shortest(cause)
    if report.broken is None or len(report.steps) > MOST or RAISED in report.broken:
        raise ValueError(f"{cause.title}: no story of at most {MOST} steps in {cause.configuration}: {report.broken}")
    yield from (
        f"## {number}. {cause.title}",
        "",
        _told("The mistake", cause.mistake),
        "",
        _told("Why it is natural", cause.natural),
    )
    yield from ("", _told("What comes of it", cause.cost), "", f"The story, {len(report.steps)} steps, in `{cause.configuration}`:")
    yield from ("", "```text", *lines, f"   BROKEN: {report.broken}", "```", "", "```mermaid", diagram.rstrip("\n"), "```", "")
    yield from (
        _told("What prevents it", cause.prevents),
        "",
        "| machine | phase | event | leads to | because |",
        "|---|---|---|---|---|",
    )
    for machine, phase, event in cause.rows:
        edge = next(edge for edge in CHARTS[machine].table.edges if (edge.source, edge.event) == (phase, event))
        target = f"stays: {edge.action.value}" if isinstance(edge.action, Staying) else edge.target
        yield f"| {machine} | `{phase}` | `{event}` | `{target}` | {edge.reason} |"


def _told(head: str, text: str) -> str:
    return fill(f"**{head}.** {text}", WIDTH, break_on_hyphens=False, break_long_words=False)


def _mutant(cause: Cause) -> Mutant:
    return next(mutant for mutant in ROOT_CAUSES if mutant.name == f"root cause: {cause.mutant}")


def _anchor(number: int, cause: Cause) -> str:
    words = "".join(letter for letter in cause.title.lower() if letter.isalnum() or letter in " -")
    return f"{number}-{words.replace(' ', '-')}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
