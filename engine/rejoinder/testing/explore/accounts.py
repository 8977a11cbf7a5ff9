"""Nothing is lost silently: what may become of each thing that a server says.

Rules of this file
* An account is what a feed did with a frame: it was ``delivered``, the request ``finished`` or was ``replayed``, a response
  ``moved``, it was ``counted`` as a word to nobody, or a note named it. Each frame has one.
* What is acceptable is written down here, for each thing that is said and for whoever is there to hear it. It follows from the
  protocol and from nothing else: no table of the session is read.
* What a server says by the book is noted by nobody, unless nobody is there to hear that something went wrong. What it says wrongly
  is named, and by its right name: words to nobody need none where they follow a caller that has left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum, unique
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from rejoinder.states import effects as ordered
from rejoinder.states import events as happening
from rejoinder.states.effects import Effect

from .any_server import Stage

if TYPE_CHECKING:
    from .known_sessions import Reaction
    from .world import ExploredWorld

__all__ = [
    "Audience",
    "Spoken",
    "accounts_of",
    "audience_of",
    "confuses",
    "misleads",
    "noted_for_nothing",
    "remembered",
    "spoken",
    "unaccounted",
]


@unique
class Audience(StrEnum):
    """Who is there to hear what is said on a lane."""

    ASKER = "asker"
    """A caller whose create has no answer yet."""
    LISTENER = "listener"
    """A caller whose response has begun."""
    FAULTY = "listener after a fault"
    """A caller whose response has begun, and inside which a fault was reported: only its end is to come."""
    LEFT = "left"
    """Nobody any more: what runs, or is on its way, was abandoned."""
    NONE = "none"
    """Nothing runs, and nothing is on its way."""


class Spoken(NamedTuple):
    """What a server is about to say."""

    what: str
    """A name of ``any_server.LEGAL`` and its like, or of ``misbehaviour.MISBEHAVIOUR``."""
    right: bool
    """Whether a server may say it."""
    link: int
    """The link."""
    lane: str | None
    """The lane."""
    audience: Audience
    """Who is there to hear it."""
    doubtful: bool
    """Whether a cancel was read on this link: an error may answer it, or be taken for the answer."""
    late: bool
    """Whether the lane was given up before, because its time was over."""
    again: bool
    """Whether the end of somebody else's response was heard there before, while an abandoned one runs."""
    beside: frozenset[str]
    """Names that are right as well, because of what came before or of what else is there."""


# Looked up once: see ``phases.py``.
ASKER: Final = Audience.ASKER
FAULTY: Final = Audience.FAULTY
LISTENER: Final = Audience.LISTENER
LEFT: Final = Audience.LEFT
NONE: Final = Audience.NONE
READ: Final = Stage.READ

DELIVERED: Final = "delivered"
FINISHED: Final = "finished"
REPLAYED: Final = "replayed"
MOVED: Final = "moved"
LINK_MOVED: Final = "the link moved"
COUNTED: Final = "counted"

HEAD: Final = "promise 11"

Accounts = Mapping[Audience, frozenset[str]]

A: Final = Audience


def _for(asker: str = "", listener: str = "", left: str = "", none: str = "", *, faulty: str | None = None) -> Accounts:
    """Acceptable accounts for each audience, separated by commas; an audience without any cannot be."""
    after_fault = listener if faulty is None else faulty
    named = {A.ASKER: asker, A.LISTENER: listener, A.FAULTY: after_fault, A.LEFT: left, A.NONE: none}
    return MappingProxyType({audience: frozenset(part.strip() for part in text.split(",")) for audience, text in named.items()})


HEARD: Final = _for(DELIVERED, DELIVERED, "counted, moved", "counted")
"""Words of a response: its caller's, or nobody's."""
ENDS: Final = _for("", "finished", "moved")
"""The end of a response."""
REFUSALS: Final = _for("finished, replayed, CancelRefused", "", "AbandonedRejected, CancelRefused")
"""An error instead of a response; where a cancel is owed an answer, it may be taken for that."""
CANCEL_ERRORS: Final = _for("CancelRefused", "CancelRefused", "CancelRefused", "CancelRefused")
WORDS: Final = _for("StrayContent", "StrayContent", "counted, StrayContent", "StrayContent")
"""Words of somebody else."""
UNKNOWN: Final = _for("Other", "StrayContent", "counted, Other", "Other")
"""An event of a type that nobody knows, and that is not for whoever listens."""
TERMINALS: Final = _for("ForeignTerminal", "ForeignTerminal", "ForeignTerminal, ForeignTerminalAgain", "ForeignTerminal")
ERRORS: Final = _for(
    "",
    "delivered, UnattributedError",
    "Fault, UnattributedError",
    "Rejected, UnattributedError",
    faulty="Fault, UnattributedError",
)
"""An error that answers nothing: it is about what runs, if anything does."""
FILLER: Final = _for(COUNTED, COUNTED, COUNTED, COUNTED)
LIMIT: Final = _for(LINK_MOVED, LINK_MOVED, LINK_MOVED, LINK_MOVED)
GAP: Final = _for("", "SequenceGap", "counted")
ENDED: Final = frozenset({"completed", "incomplete", "ends otherwise"})
"""Terminals that a successor may follow."""
GARBAGE: Final = _for("finished, replayed", "finished, replayed", "Garbage", "Garbage", faulty="Garbage")

STEERING: Final = _for(COUNTED, "delivered, finished, counted", "moved, counted", COUNTED)
"""What becomes of words: told to whoever added them, and nothing to anybody else."""

RIGHT: Final[Mapping[str, Accounts]] = MappingProxyType(
    {
        "created": _for(DELIVERED, "", "moved, LateCreated"),
        "progress": HEARD,
        "thought": HEARD,
        "item": HEARD,
        "delta": HEARD,
        "fault": _for("", DELIVERED, "Fault", faulty="Fault"),
        "completed": ENDS,
        "failed": ENDS,
        "incomplete": ENDS,
        "busy": REFUSALS,
        "rate": REFUSALS,
        "bad": REFUSALS,
        "bare": REFUSALS,
        "miss": REFUSALS,
        "lane limit": REFUSALS,
        "cancel error": CANCEL_ERRORS,
        "labelled cancel error": CANCEL_ERRORS,
        "limit": LIMIT,
        "steer accepted": STEERING,
        "steer failed": STEERING,
        "queued steer failed": STEERING,
        "steer pending": STEERING,
        "steer too late": _for(COUNTED, "counted, delivered, finished", "counted, moved", "counted, moved"),
        "successor": _for("", DELIVERED, "moved, ForeignCreated, LateCreated"),
    }
)
"""What a server says by the book."""

RARE: Final[Mapping[str, Accounts]] = MappingProxyType(
    {
        "keepalive": FILLER,
        "unknown": HEARD,
        "unknown of an unknown item": HEARD,
        "words without an item": HEARD,
        "progress again": HEARD,
    }
)
"""What breaks nothing either."""

WRONG: Final[Mapping[str, Accounts]] = MappingProxyType(
    {
        "garbage": GARBAGE,
        "labelled garbage": GARBAGE,
        "stray delta": WORDS,
        "stray delta later": WORDS,
        "stray delta again": WORDS,
        "stale delta": WORDS,
        "anonymous delta": WORDS,
        "foreign item": WORDS,
        "stale item": WORDS,
        "late item": WORDS,
        "same item": WORDS,
        "item too early": WORDS,
        "foreign progress": WORDS,
        "stray unknown": UNKNOWN,
        "stray unknown later": UNKNOWN,
        "stale unknown": UNKNOWN,
        "stray unknown item": UNKNOWN,
        "created again": _for("", "RepeatCreated", "RepeatCreated"),
        "stranger begins": _for("finished, replayed", "finished, replayed", "ForeignCreated, LateCreated", "UnaskedCreated"),
        "foreign terminal": TERMINALS,
        "stale terminal": TERMINALS,
        "terminal too early": TERMINALS,
        "item after a gap": GAP,
        "delta after a gap": GAP,
        "delta again": _for("", "SequenceRepeated", "counted"),
        "terminal after a gap": _for("", "SequenceGap", "SequenceGap"),
        "ends otherwise": ENDS,
        "error for nobody": ERRORS,
        "labelled error": ERRORS,
        "numbered error": _for("finished", "delivered", "Fault, RejectedUnclean", "RejectedUnclean", faulty="Fault"),
        "miss for nobody": ERRORS,
        "limit without end": LIMIT,
        "unlabelled delta": _for("", "UnlabelledFrame", "UnlabelledFrame"),
        "unknown lane": _for("UnknownLane", "UnknownLane", "UnknownLane", "UnknownLane"),
    }
)
"""What a server must not say, where it is the first such thing. After that, what is what depends on what came before."""

EVERYTHING: Final[Mapping[str, Accounts]] = MappingProxyType({**RIGHT, **RARE, **WRONG})
ERRORS_OF_ALL_KINDS: Final = frozenset(
    what for what, accounts in EVERYTHING.items() if accounts in (REFUSALS, CANCEL_ERRORS, ERRORS)
)
"""Errors, which answer a create or a cancel, and of which nobody says which."""
ONLY_COUNTED: Final = frozenset({COUNTED})
ABANDONED: Final = ("response draining ", "response quarantined ")
"""What words are counted as that nobody listens to any more."""
OTHER_ENDS: Final = ("foreign terminal", "stale terminal")
PLAIN: Final = frozenset(what for what, accounts in WRONG.items() if accounts in (WORDS, UNKNOWN, GAP, GARBAGE, TERMINALS))
"""What is wrong, and leaves no doubt whose anything else is."""
HEARD_OF: Final = frozenset({DELIVERED, FINISHED, REPLAYED})
LISTENERS: Final = frozenset({A.LISTENER, A.FAULTY})
WHOLE: Final = frozenset(what for what, accounts in EVERYTHING.items() if accounts in (ENDS, GAP)) | {"terminal after a gap"}
"""What is delivered to whoever listens, whatever else becomes of it."""
AT_ANY_TIME: Final = frozenset({"Replay", "NoSocket"})
"""Notes that say what became of a request, or of a wish, and are about no frame."""


def audience_of(world: ExploredWorld, link: int, lane: str | None) -> Audience:
    """Who is there to hear what is said on a lane now."""
    for caller in world.callers.values():
        if caller.attempt is not None and caller.place == (link, lane):
            if not caller.begun:
                return ASKER
            return FAULTY if caller.faulty else LISTENER
    socket = world.sockets[link]
    there = socket.connection.lanes.get(lane)
    if there is not None and (there.run is not None or there.stranger is not None):
        return LEFT
    asked = any(out.request and out.lane == lane for out in socket.outbox)
    return LEFT if asked else NONE


def _beside(world: ExploredWorld, what: str) -> frozenset[str]:
    """Names that are right where something was abandoned, where several lanes are in use, or where words were added."""
    if what in ENDED and world.watch.configuration.steers:
        # A terminal is not the last word while any are not settled.
        return frozenset({DELIVERED, MOVED})
    if (what in WRONG or what in RARE) and world.watch.configuration.steers:
        # Where a successor is due nothing runs, whoever listens: whatever comes is somebody else's, and called so.
        names = frozenset({"Other", "StrayContent", "Fault", "ForeignTerminal", "ForeignCreated"})
        return names | {FINISHED} if what == "created again" else names
    if what == "item after a gap" and world.abandoned:
        # It may be a late one of what was abandoned.
        return frozenset({"StrayContent"})
    if what == "garbage" and world.session.profile.lanes:
        # Without a label it is the one busy lane's, whichever it was said about; with several, nobody's.
        return frozenset({"UnlabelledFrame", "Garbage", FINISHED, REPLAYED})
    if what == "error for nobody" and world.session.profile.lanes:
        return frozenset({"Fault", "Rejected", "UnattributedError", DELIVERED})
    return frozenset()


def spoken(world: ExploredWorld, link: int, lane: str | None, what: str, *, right: bool) -> Spoken:
    """What is about to be said, and to whom."""
    audience = audience_of(world, link, lane)
    connection = world.sockets[link].connection
    there = connection.lanes.get(lane)
    attempt = None if there is None or there.run is None else there.run.response
    again = what in OTHER_ENDS and audience is LEFT and (link, attempt) in world.foreign
    return Spoken(what, right, link, lane, audience, connection.cancels, attempt in world.overdue, again, _beside(world, what))


def remembered(world: ExploredWorld, said: Spoken, lane: str | None) -> None:
    """Take down what matters to what is said later."""
    if said.what not in OTHER_ENDS:
        return
    there = world.sockets[said.link].connection.lanes.get(lane) if said.link in world.sockets else None
    run = None if there is None else there.run
    if said.audience is LEFT and not said.late and run is not None and run.stage is not READ:
        world.foreign |= {(said.link, run.response)}


def unaccounted(  # noqa: PLR0911 - one answer for each fault
    said: Spoken, reaction: Reaction, *, misled: bool
) -> str | None:
    """What is wrong with what became of a frame: it was lost, or misnamed; None if all is well.

    ``misled`` says that the client was told something wrong before, or could not tell whose an error was: then it is right to call
    things by other names, but not to keep silent.
    """
    found, names, counts = reaction.accounts, reaction.names, reaction.counts
    if not found:
        return f"{HEAD}: {said.what} left no trace"
    if not found & HEARD_OF and not names and said.what in ERRORS_OF_ALL_KINDS:
        return f"{HEAD}: {said.what} is an error, and nobody is told of it"
    if said.again and "ForeignTerminalAgain" not in names:
        return f"{HEAD}: a second {said.what} was called {_listed(found)}"
    if misled or (said.doubtful and said.what in ERRORS_OF_ALL_KINDS):
        if said.right or found != ONLY_COUNTED or any(row.startswith(ABANDONED) for row in counts):
            return None
        return f"{HEAD}: {said.what} is wrong, and was passed over without a name"
    wanted = EVERYTHING[said.what][said.audience] | said.beside
    if not found & wanted:
        return f"{HEAD}: {said.what} ({said.audience}) was {_listed(found)}, not {_listed(wanted)}"
    if DELIVERED not in found and said.what in WHOLE and said.audience in LISTENERS and not names & said.beside:
        return f"{HEAD}: {said.what} ({said.audience}) was not delivered"
    if said.late and said.what == "created" and "LateCreated" not in names:
        return f"{HEAD}: {said.what} came too late, and nothing says so"
    wrong = names - wanted - AT_ANY_TIME
    if wrong:
        return f"{HEAD}: {said.what} ({said.audience}) was called {_listed(wrong)}"
    return None


def confuses(said: Spoken) -> bool:
    """Whether a client that was misled may take responses for others from now on."""
    if said.what == "numbered error":
        return said.audience is A.LISTENER
    return said.what not in PLAIN


def misleads(said: Spoken, reaction: Reaction) -> bool:
    """Whether the client knows less than before: it was told something wrong, or took an error for another."""
    if not said.right:
        # Where a response runs, a fault inside it is a fault inside it.
        return not (said.what == "numbered error" and said.audience is A.LISTENER)
    if not said.doubtful or said.what not in ERRORS_OF_ALL_KINDS:
        return False
    wanted = EVERYTHING[said.what][said.audience]
    return not (reaction.accounts - {COUNTED}) & (wanted if said.what.endswith("cancel error") else wanted - {"CancelRefused"})


NOTED_BY_TIME: Final = frozenset({"Replay", "NoSocket", "DrainOverdue", "SuccessorOverdue", "LinkSilent"})
"""What may be noted when a deadline has passed."""


HANDING_OVER: Final = (happening.Create, happening.DialFailed, happening.Unsendable)
"""What may hand a request over to another transport."""
ANSWERS: Final = (happening.Withdrawn, happening.Unsendable, happening.Pong, happening.Opened, happening.DialFailed)


def noted_for_nothing(event: happening.Event, effects: Sequence[Effect]) -> str | None:
    """Whether something is noted that is no news: what callers, networks and clocks do is not out of place."""
    if isinstance(event, happening.Received):
        return None
    allowed = NOTED_BY_TIME if isinstance(event, happening.Expired) else AT_ANY_TIME
    if isinstance(event, HANDING_OVER):
        allowed |= {"HandedOver"}
    if isinstance(event, ANSWERS):
        # What is answered too late is answered to nobody.
        allowed |= {"Late"}
    for effect in effects:
        if isinstance(effect, ordered.Note) and effect.name not in allowed:
            return f"{HEAD}: {effect.name} is noted, and {type(event).__name__} is nothing out of place"
    return None


def accounts_of(effects: Sequence[Effect], counts: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """All accounts of a feed, and those among them that are names."""
    found: set[str] = set()
    names: set[str] = set()
    for effect in effects:
        account = ACCOUNTS.get(type(effect))
        if account is not None:
            found.add(account)
        elif isinstance(effect, ordered.Moved):
            if effect.machine == "response":
                found.add(MOVED)
            elif effect.machine == "link":
                found.add(LINK_MOVED)
        elif isinstance(effect, ordered.Note):
            names.add(effect.name)
            if effect.name == "Replay":
                found.add(REPLAYED)
    if any(row.startswith(("response ", "link ")) for row in counts):
        found.add(COUNTED)
    return frozenset(found | names), frozenset(names)


ACCOUNTS: Final[Mapping[type, str]] = MappingProxyType({ordered.Deliver: DELIVERED, ordered.Finish: FINISHED})
"""Orders that are an account by themselves."""


def _listed(accounts: set[str] | frozenset[str]) -> str:
    return " or ".join(sorted(accounts))
