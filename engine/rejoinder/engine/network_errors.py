"""What the network said, in a few words: for sentences that people read, never with an address or a key in them."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from typing import cast

__all__ = ["certificate_error_in", "reason_of"]


def reason_of(error: BaseException) -> str:
    """What the system said. Of several addresses that were tried, the first; trio chains them as one error or as a group."""
    for each in _causes_of(error):
        if isinstance(each, OSError) and each.errno is not None:
            # Name servers have (negative) numbers of their own; for the system's, trio puts words of its own in front.
            return os.strerror(each.errno) if each.errno > 0 else each.strerror or type(each).__name__
    return type(error).__name__


def certificate_error_in(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """The certificate error behind ``error``, if that is what it is about."""
    return next((each for each in _causes_of(error) if isinstance(each, ssl.SSLCertVerificationError)), None)


def _causes_of(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and what it came from, outermost first."""
    while error is not None:
        yield error
        behind: BaseException | None = error.__cause__ or error.__context__
        error = behind
        if isinstance(behind, BaseExceptionGroup):
            yield from cast("BaseExceptionGroup[BaseException]", behind).exceptions
