"""What can be wrong with a model server as a whole, beside what single answers do.

Rules of this file: data only; `ModelServer` obeys it, `rejoinder.testing.faults` makes it from names on a command line.
"""

import attrs


@attrs.frozen
class ServerFaults:
    """What is wrong with the server as a whole. The default is nothing."""

    refuse_status: int | None = None
    """Refuse handshakes with this HTTP status."""
    refuse_count: int | None = None
    """How many handshakes are refused, or None for all of them."""
    refuse_headers: tuple[tuple[str, str], ...] = ()
    """Headers of the refusal, such as `retry-after`."""
    forget_continuations: int = 0
    """How many creates that continue a response find it forgotten, counted from the first."""
    drop_after_frames: int | None = None
    """Lose each connection abruptly after so many frames to the client."""
    done_marker: bool = False
    """End each stream over HTTP with ``data: [DONE]``, as servers like the API's do."""
    age_limit_after_creates: int | None = None
    """Announce the age limit, and close, in place of starting on the create after so many."""
