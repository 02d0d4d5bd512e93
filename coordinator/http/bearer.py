"""The bearer token check for workers and operators (RFC 6750 section 2.1). Which tokens count is the callers'."""

import hmac
from collections.abc import Iterable


def is_authorised(header: str, tokens: Iterable[str]) -> bool:
    """Return whether an Authorization header shows one of the tokens, in a time that doesn't depend on its content."""
    scheme, _, shown = header.partition(" ")
    # An HTTP header may hold bytes that are no UTF-8; aiohttp hands them on as surrogates.
    said = shown.strip().encode(errors="surrogateescape")
    matches = [hmac.compare_digest(said, token.encode()) for token in tokens]
    return any(matches) and scheme.lower() == "bearer"
