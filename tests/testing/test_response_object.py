"""The response object is whole and repeats what the request said."""

from rejoinder.testing import Answer
from rejoinder.testing.response_object import EPOCH, begin_response, count_tokens, count_usage, end_response

USAGE = count_usage(10, 4, 3, 1)


def test_created_repeats_the_request() -> None:
    body = {"model": "m", "previous_response_id": "resp_0", "metadata": {"k": "v"}, "store": False, "tools": [{"name": "f"}]}
    response = begin_response("resp_1", body, 7.9)

    assert {**response, **body} == response
    assert response["created_at"] == EPOCH + 7
    assert (response["id"], response["object"], response["status"]) == ("resp_1", "response", "in_progress")
    assert (response["output"], response["usage"], response["error"]) == ([], None, None)


def test_created_fills_in_what_the_request_left_out() -> None:
    response = begin_response("resp_1", {"model": "m", "tools": None}, 0.0)

    assert response["metadata"] == {}
    assert response["tools"] == []
    assert response["store"] is True
    assert response["previous_response_id"] is None


def test_completed_has_output_usage_and_time() -> None:
    response = end_response({"id": "r"}, Answer(), [{"type": "message"}], USAGE, 9.0)

    assert (response["status"], response["completed_at"]) == ("completed", EPOCH + 9)
    assert (response["output"], response["usage"]) == ([{"type": "message"}], USAGE)


def test_failed_has_an_error() -> None:
    told = {"code": "insufficient_quota", "message": "You are out of money."}

    assert end_response({}, Answer(terminal="failed"), [], USAGE, 0.0)["error"]["code"] == "server_error"
    assert told == end_response({}, Answer(terminal="failed", error=told), [], USAGE, 0.0)["error"]


def test_incomplete_has_a_reason() -> None:
    plain = end_response({}, Answer(terminal="incomplete"), [], USAGE, 0.0)
    filtered = end_response({}, Answer(terminal="incomplete", incomplete_reason="content_filter"), [], USAGE, 0.0)

    assert plain["incomplete_details"] == {"reason": "max_output_tokens"}
    assert filtered["incomplete_details"] == {"reason": "content_filter"}


def test_further_fields_go_over_the_rest() -> None:
    response = end_response({}, Answer(fields={"status": "odd", "extra": 1}), [], USAGE, 0.0)

    assert (response["status"], response["extra"]) == ("odd", 1)


def test_tokens_are_rounded_up() -> None:
    assert [0, 1, 1, 2] == [count_tokens(characters) for characters in (0, 1, 4, 5)]


def test_usage_adds_up() -> None:
    assert USAGE["total_tokens"] == 13
    assert USAGE["input_tokens_details"]["cached_tokens"] == 4
    assert USAGE["output_tokens_details"]["reasoning_tokens"] == 1
