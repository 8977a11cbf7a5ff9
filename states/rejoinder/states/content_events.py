"""What a model says: output items, the parts inside them, their text, refusals and reasoning.

The rules are those of ``stream_events``. All of it is output of a response: the first such event that reaches a caller
is the commit point. None of it names its response (recorded); ``item_id`` and ``sequence_number`` are all there is.

A text arrives in deltas of any size and again, whole, in the ``done`` event, in the part, in the item and in the
terminal response. A server may leave out the set-up events on a socket, so the finished item and the terminal are the
truth.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs

from .stream_events import FrameKind, StreamEvent

__all__ = [
    "ContentPartAdded",
    "ContentPartDone",
    "OutputItemAdded",
    "OutputItemDone",
    "OutputItemEvent",
    "OutputTextAnnotationAdded",
    "OutputTextDelta",
    "OutputTextDone",
    "PartEvent",
    "ReasoningSummaryPartAdded",
    "ReasoningSummaryPartDone",
    "ReasoningSummaryTextDelta",
    "ReasoningSummaryTextDone",
    "ReasoningTextDelta",
    "ReasoningTextDone",
    "RefusalDelta",
    "RefusalDone",
]


# Items.


@attrs.frozen(repr=False)
class OutputItemEvent(StreamEvent):
    """An event that carries a whole output item. Its ``item_id`` is the item's own ``id``, if it has one."""

    item: Mapping[str, Any] = attrs.field(hash=False)
    """The item, as decoded."""


@attrs.frozen(repr=False)
class OutputItemAdded(OutputItemEvent):
    """``response.output_item.added``: an item begins; what follows names its id."""

    kind: ClassVar[FrameKind] = FrameKind.ITEM_ADDED


@attrs.frozen(repr=False)
class OutputItemDone(OutputItemEvent):
    """``response.output_item.done``: the item is finished, though its ``status`` need not be ``completed`` (recorded).

    Keep its encrypted reasoning rather than that of ``OutputItemAdded``: the two differ.
    """

    kind: ClassVar[FrameKind] = FrameKind.CONTENT


# Parts of a message or of a reasoning item.


@attrs.frozen(repr=False)
class PartEvent(StreamEvent):
    """An event that carries one part of an item."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    part: Mapping[str, Any] = attrs.field(hash=False)
    """The part, as decoded."""


@attrs.frozen(repr=False)
class ContentPartAdded(PartEvent):
    """``response.content_part.added``: a part of a message begins, still empty."""

    content_index: int | None = None
    """Position of the part in the item's content, from 0."""


@attrs.frozen(repr=False)
class ContentPartDone(PartEvent):
    """``response.content_part.done``: the part is whole."""

    content_index: int | None = None
    """Position of the part in the item's content, from 0."""


@attrs.frozen(repr=False)
class ReasoningSummaryPartAdded(PartEvent):
    """``response.reasoning_summary_part.added``: a paragraph of the reasoning summary begins."""

    summary_index: int | None = None
    """Position of the part in the item's summary, from 0."""


@attrs.frozen(repr=False)
class ReasoningSummaryPartDone(PartEvent):
    """``response.reasoning_summary_part.done``: the paragraph is whole."""

    summary_index: int | None = None
    """Position of the part in the item's summary, from 0."""
    status: str | None = None
    """Set when the part was cut short."""


# Text.


@attrs.frozen(repr=False)
class OutputTextDelta(StreamEvent):
    """``response.output_text.delta``: a piece of the answer, from one token to a whole phrase."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    delta: str
    """The piece."""
    content_index: int | None = None
    """Position of the part in the item's content, from 0."""
    logprobs: Sequence[Any] | None = attrs.field(default=None, hash=False)
    """Log probabilities of the tokens, if the request asked for them."""


@attrs.frozen(repr=False)
class OutputTextDone(StreamEvent):
    """``response.output_text.done``: the text of a part is whole."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    text: str
    """The whole text of the part."""
    content_index: int | None = None
    """Position of the part in the item's content, from 0."""
    logprobs: Sequence[Any] | None = attrs.field(default=None, hash=False)
    """Log probabilities of the tokens, if the request asked for them."""


@attrs.frozen(repr=False)
class OutputTextAnnotationAdded(StreamEvent):
    """``response.output_text.annotation.added``: a citation in the text. It comes again in the finished part."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    annotation: Mapping[str, Any] | None = attrs.field(default=None, hash=False)
    """The citation, as decoded."""
    annotation_index: int | None = None
    """Position in the part's annotations, from 0."""
    content_index: int | None = None
    """Position of the part in the item's content, from 0."""


@attrs.frozen(repr=False)
class RefusalDelta(StreamEvent):
    """``response.refusal.delta``: a piece of the words with which the model declines."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    delta: str
    """The piece."""
    content_index: int | None = None
    """Position of the part in the item's content, from 0."""


@attrs.frozen(repr=False)
class RefusalDone(StreamEvent):
    """``response.refusal.done``: the refusal is whole. The response still ends as completed."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    refusal: str
    """The whole refusal."""
    content_index: int | None = None
    """Position of the part in the item's content, from 0."""


# Reasoning.


@attrs.frozen(repr=False)
class ReasoningSummaryTextDelta(StreamEvent):
    """``response.reasoning_summary_text.delta``: a piece of the summary of what the model thought."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    delta: str
    """The piece."""
    summary_index: int | None = None
    """Position of the part in the item's summary, from 0."""


@attrs.frozen(repr=False)
class ReasoningSummaryTextDone(StreamEvent):
    """``response.reasoning_summary_text.done``: one paragraph of the summary is whole."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    text: str
    """The whole paragraph."""
    summary_index: int | None = None
    """Position of the part in the item's summary, from 0."""


@attrs.frozen(repr=False)
class ReasoningTextDelta(StreamEvent):
    """``response.reasoning_text.delta``: a piece of the reasoning itself, from models that show it."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    delta: str
    """The piece."""
    content_index: int | None = None
    """Position of the part in the item's content, from 0."""


@attrs.frozen(repr=False)
class ReasoningTextDone(StreamEvent):
    """``response.reasoning_text.done``: one part of the reasoning is whole."""

    kind: ClassVar[FrameKind] = FrameKind.CONTENT

    text: str
    """The whole part."""
    content_index: int | None = None
    """Position of the part in the item's content, from 0."""
