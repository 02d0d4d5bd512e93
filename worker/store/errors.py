"""What can go wrong with a store, as a sentence for players and a word for the log.

The messages of the store's library quote whole requests and answers, with addresses and key ids in them. So nothing of
them is passed on but what is known to be harmless: a status, S3's own error code, the number of an operating system's
error.
"""

import os
import re

from obstore.exceptions import PermissionDeniedError, UnauthenticatedError

from worker.runtime.errors import WorkerError

_STATUS = re.compile(r"status code: (\d{3})\b")
_CODE = re.compile(r"<Code>([A-Za-z]{1,64})</Code>")
_SYSTEM = re.compile(r"os error (\d{1,5})\b")
_HTTP = re.compile(r"kind: (Connect|Timeout|Interrupted|Decode|Request)\b")

NO_ANSWER = "the store does not answer"
UNREACHABLE = "the store can't be reached"
NO_ACCESS = "the store refuses this worker's access"
NO_BUCKET = "the store's bucket does not exist"
NO_SPACE = "the store's disk is full"
READ_ONLY = "the store's folder can't be written"
FAILED = "the store reports a failure"

_OF_CODE = {
    "NoSuchBucket": NO_BUCKET,
    "AccessDenied": NO_ACCESS,
    "SignatureDoesNotMatch": NO_ACCESS,
    "InvalidAccessKeyId": NO_ACCESS,
    "ExpiredToken": NO_ACCESS,
    "QuotaExceeded": NO_SPACE,
}
_OF_STATUS = {"401": NO_ACCESS, "403": NO_ACCESS, "507": NO_SPACE}
_OF_SYSTEM = {"13": READ_ONLY, "1": READ_ONLY, "30": READ_ONLY, "28": NO_SPACE, "122": NO_SPACE}
_OF_HTTP = {"Connect": UNREACHABLE, "Timeout": NO_ANSWER, "Interrupted": UNREACHABLE}


class StoreError(WorkerError):
    """The store did not do it. Its text is part of a sentence for a player: "the store does not answer"."""

    code = "store_failed"

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason)
        self.detail = detail
        """For the log, without secrets."""


def explain(error: Exception) -> StoreError:
    """Make a StoreError of an error of the store's library, or of the operating system."""
    if isinstance(error, TimeoutError):
        return StoreError(NO_ANSWER, "timeout")
    if isinstance(error, OSError) and error.errno is not None:
        number = str(error.errno)
        return StoreError(_OF_SYSTEM.get(number, FAILED), f"{type(error).__name__}, {os.strerror(error.errno)}")
    text = str(error)
    found = {pattern: match[1] for pattern in (_CODE, _STATUS, _SYSTEM, _HTTP) if (match := pattern.search(text))}
    reason = (
        _OF_CODE.get(found.get(_CODE, ""))
        or _OF_STATUS.get(found.get(_STATUS, ""))
        or _OF_SYSTEM.get(found.get(_SYSTEM, ""))
        or _OF_HTTP.get(found.get(_HTTP, ""))
        or (NO_ACCESS if isinstance(error, (PermissionDeniedError, UnauthenticatedError)) else FAILED)
    )
    if system := found.get(_SYSTEM):
        found[_SYSTEM] = os.strerror(int(system))
    return StoreError(reason, ", ".join([type(error).__name__, *found.values()]))


def is_missing(error: Exception) -> bool:
    """Tell whether the error only says that there is no such object."""
    return isinstance(error, FileNotFoundError) and "NoSuchBucket" not in str(error)
