"""Conversations with any Responses WebSocket server, and a judgement, promise by promise, on what it does.

`ROWS` are the promises; `examine` holds the conversations and judges. `rejoinder conform` is the command on top of it.
"""

from rejoinder.testing.conform.obliging import obliging_answer
from rejoinder.testing.conform.records import Conversation, Finding, Frame, Need, Row, Source, Transcript, Verdict
from rejoinder.testing.conform.rows import ROWS, markdown_table
from rejoinder.testing.conform.runner import PlainRequestRefused, Report, Result, Target, examine

__all__ = [
    "ROWS",
    "Conversation",
    "Finding",
    "Frame",
    "Need",
    "PlainRequestRefused",
    "Report",
    "Result",
    "Row",
    "Source",
    "Target",
    "Transcript",
    "Verdict",
    "examine",
    "markdown_table",
    "obliging_answer",
]
