"""The page's files, and the security headers of every response."""

from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

PERMISSIONS_POLICY = ", ".join(
    (
        *(f"{feature}=(self)" for feature in ("autoplay", "fullscreen", "gamepad", "screen-wake-lock")),
        *(
            f"{feature}=()"
            for feature in (
                "accelerometer",
                "browsing-topics",
                "camera",
                "display-capture",
                "geolocation",
                "gyroscope",
                "magnetometer",
                "microphone",
                "midi",
                "payment",
                "publickey-credentials-get",
                "usb",
            )
        ),
    )
)

SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

CACHE_CONTROL = "no-cache"
"""Keep it, but ask before using it (304 by ETag): without a build step a file's name says nothing about its
content, and a page of one release must not run with a script of another."""


def add_pages(app: web.Application, web_root: Path) -> None:
    """Serve the folder: ``index.html`` at ``/``, and every other file by its name."""
    root = web_root.resolve()

    async def file(request: web.Request) -> web.StreamResponse:
        path = file_at(root, request.match_info["path"] or "index.html")
        if path is None:
            raise web.HTTPNotFound
        return web.FileResponse(path)

    app.router.add_get("/{path:.*}", file)
    app.middlewares.append(plain_sentences)
    app.on_response_prepare.append(_add_headers)


def file_at(root: Path, name: str) -> Path | None:
    """Find the file of this name in the folder, whose own path is resolved; None if there is none inside it.

    Used in place of aiohttp's own static files, which answer a missing one with an empty page.
    """
    try:
        path = (root / name).resolve()
        return path if path.is_relative_to(root) and path.is_file() else None
    except (OSError, RuntimeError, ValueError):  # a name too long, a circle of links, a NUL
        return None


@web.middleware
async def plain_sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 404 and 405 with a sentence, in place of aiohttp's bare number."""
    try:
        return await handler(request)
    except web.HTTPNotFound:
        return web.Response(status=404, text="There is nothing at this address. The arcade is at /.\n")
    except web.HTTPMethodNotAllowed as error:
        return web.Response(status=405, headers={"Allow": error.headers["Allow"]}, text="This address is only read.\n")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY_HEADERS)
    response.headers.setdefault("Cache-Control", CACHE_CONTROL)
