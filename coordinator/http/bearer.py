"""Who may do what only a worker or an operator may: whoever shows the token in its Authorization header."""

import hmac
from collections.abc import Iterable


def is_authorised(header: str, tokens: Iterable[str]) -> bool:
    """Whether an Authorization header shows one of the tokens, in a time that doesn't depend on its content."""
    scheme, _, shown = header.partition(" ")
    # An HTTP header may hold bytes that are no UTF-8; aiohttp hands them on as surrogates.
    said = shown.strip().encode(errors="surrogateescape")
    matches = [hmac.compare_digest(said, token.encode()) for token in tokens]
    return any(matches) and scheme.lower() == "bearer"
