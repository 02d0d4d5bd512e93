"""What an error means, in words that hold no secret."""

import errno
import os

import pytest
from obstore.exceptions import GenericError, PermissionDeniedError

from worker.store.errors import (
    FAILED,
    NO_ACCESS,
    NO_ANSWER,
    NO_BUCKET,
    NO_SPACE,
    READ_ONLY,
    UNREACHABLE,
    explain,
    is_missing,
)


@pytest.mark.parametrize(
    ("error", "reason", "detail"),
    [
        (TimeoutError(), NO_ANSWER, "timeout"),
        (OSError(errno.ENOSPC, "x"), NO_SPACE, f"OSError, {os.strerror(errno.ENOSPC)}"),
        (GenericError("Unable to rename file (os error 28)"), NO_SPACE, f"GenericError, {os.strerror(errno.ENOSPC)}"),
        (
            GenericError("Unable to open file /home/me (os error 13)"),
            READ_ONLY,
            f"GenericError, {os.strerror(errno.EACCES)}",
        ),
        (GenericError("kind: Connect, key=AKIA"), UNREACHABLE, "GenericError, Connect"),
        (GenericError("kind: Timeout"), NO_ANSWER, "GenericError, Timeout"),
        (GenericError("status code: 403 Forbidden: <Code>Odd</Code>"), NO_ACCESS, "GenericError, Odd, 403"),
        (PermissionDeniedError("no"), NO_ACCESS, "PermissionDeniedError"),
        (
            FileNotFoundError("status code: 404 <Code>NoSuchBucket</Code>"),
            NO_BUCKET,
            "FileNotFoundError, NoSuchBucket, 404",
        ),
        (GenericError("status code: 500 secret"), FAILED, "GenericError, 500"),
        (GenericError("secret"), FAILED, "GenericError"),
    ],
)
def test_an_error_is_a_reason_and_a_harmless_detail(error: Exception, reason: str, detail: str) -> None:
    failure = explain(error)
    assert (str(failure), failure.detail) == (reason, detail)


def test_a_missing_object_is_not_a_missing_bucket() -> None:
    assert is_missing(FileNotFoundError("Object at location x not found"))
    assert not is_missing(FileNotFoundError("<Code>NoSuchBucket</Code>"))
    assert not is_missing(GenericError("x"))
