"""The callers' log keeps what happened in order, with times."""

from rejoinder.cli.caller_log import CallerEntry, CallerLog


def test_entries_stand_in_order_with_their_times() -> None:
    times = iter([1.0, 2.0, 3.0, 4.0])
    log = CallerLog(lambda: next(times))
    log.asked("[q1]")
    log.delivered("[q1]", "response.output_text.delta", "[q1] a", "msg_1")
    log.cancelled("[q1]")
    log.ended("[q1]", "cancelled", "[q1] a")

    assert [
        CallerEntry(1.0, "[q1]", "asked"),
        CallerEntry(2.0, "[q1]", "delivered", "response.output_text.delta", "[q1] a", "msg_1"),
        CallerEntry(3.0, "[q1]", "cancelled"),
        CallerEntry(4.0, "[q1]", "ended", "cancelled", "[q1] a"),
    ] == log.entries
