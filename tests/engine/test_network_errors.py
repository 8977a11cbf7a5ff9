"""What the network said, found behind whatever was raised for it."""

from __future__ import annotations

import errno
import ssl

import pytest

from rejoinder.engine.network_errors import certificate_error_in, reason_of


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    try:
        try:
            raise error from cause
        except RuntimeError as outer:
            return outer
    except BaseException as other:  # noqa: BLE001
        return other


@pytest.mark.parametrize(
    "error, expected",
    [
        (OSError(errno.ECONNREFUSED, "attempt"), "Connection refused"),
        (OSError(-2, "Name or service not known"), "Name or service not known"),
        (OSError(-2, None), "OSError"),
        (OSError("no number"), "OSError"),
        (RuntimeError("x"), "RuntimeError"),
        (raised(RuntimeError("x"), OSError(errno.ECONNRESET, "attempt")), "Connection reset by peer"),
        (raised(RuntimeError("x"), BaseExceptionGroup("all", [OSError(errno.EHOSTUNREACH, "attempt")])), "No route to host"),
    ],
)
def test_reasons(error: BaseException, expected: str) -> None:
    assert expected == reason_of(error)


def test_certificates() -> None:
    refused = ssl.SSLCertVerificationError(1, "self-signed")

    assert refused is certificate_error_in(raised(RuntimeError("x"), refused))
    assert certificate_error_in(RuntimeError("x")) is None
