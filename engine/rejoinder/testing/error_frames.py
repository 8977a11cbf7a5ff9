"""The `error` event in its three shapes.

Rules of this file: pure rendering. Which error is sent when is decided by `rejoinder.testing.model_server`.

| shape | keys | source |
|---|---|---|
| `wrapped` | `type, status, stream_id?, error{type, code, message, param, headers?}` | OpenAI WebSocket guide |
| `wrapped_in_sequence` | `type, sequence_number, stream_id?, error{…}` | recorded: a fault inside a running response |
| `flat` | `type, code, message, param, sequence_number` | openai-python 3.54 types, the SSE form |
"""

from typing import Any

from rejoinder.testing.script import ErrorFrame


def render_error(frame: ErrorFrame, sequence_number: int, lane: str | None) -> dict[str, Any]:
    """The body of an error event. `lane` is None where the server would not, or cannot, say whose error it is."""
    body: dict[str, Any] = {"type": "error"}
    if frame.shape == "flat":
        body |= {"code": frame.code, "message": frame.message, "param": frame.param, "sequence_number": sequence_number}
        if frame.headers is not None:
            body["headers"] = dict(frame.headers)
    else:
        error: dict[str, Any] = {"type": frame.type} if frame.type is not None else {}
        error |= {"code": frame.code, "message": frame.message, "param": frame.param}
        if frame.shape == "wrapped_in_sequence":
            body["sequence_number"] = sequence_number
        elif frame.status is not None:
            body["status"] = frame.status
        if frame.headers is not None:
            (body if frame.headers_outside else error)["headers"] = dict(frame.headers)
        body["error"] = error
    if lane is not None and frame.labelled:
        body["stream_id"] = lane
    return body
