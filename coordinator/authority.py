"""Who may do what only a worker or an operator may: whoever shows the token in its Authorization header."""

import hmac


def is_authorised(header: str, token: str) -> bool:
    """Whether an Authorization header shows the token, compared in a time that doesn't depend on its content."""
    scheme, _, shown = header.partition(" ")
    # An HTTP header may hold bytes that are no UTF-8; aiohttp hands them on as surrogates.
    matches = hmac.compare_digest(shown.strip().encode(errors="surrogateescape"), token.encode())
    return matches and scheme.lower() == "bearer"
