"""The page's files, and the security headers of every response."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ETag, web
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


CONTENT_TYPES = mimetypes.MimeTypes()
"""Python's own table and not the machine's, by which a script may be no script."""
CONTENT_TYPES.add_type("text/javascript", ".js")
CONTENT_TYPES.add_type("application/manifest+json", ".webmanifest")

_NO_WEIGHT = re.compile(r"q\s*=\s*0(\.0*)?")


def add_pages(app: web.Application, web_root: Path) -> None:
    """Serve the folder: ``index.html`` at ``/``, and every other file by its name."""
    pages = Pages(web_root)

    async def file(request: web.Request) -> web.StreamResponse:
        page = pages.read(request.match_info["path"] or "index.html")
        if page is None:
            raise web.HTTPNotFound
        return respond(request, page)

    app.router.add_get("/{path:.*}", file)
    app.middlewares.append(plain_sentences)
    app.on_response_prepare.append(_add_headers)


@dataclass(frozen=True)
class PageFile:
    """A file as it is sent."""

    body: bytes
    compressed: bytes
    """The same for browsers that take gzip."""
    content_type: str
    etag: str


class Pages:
    """The files of a folder: read once, and again when one has changed.

    They are read on the event loop: some kilobytes each, mostly from the kernel's memory, take less time than a thread
    takes to begin, and a browser that breaks off leaves no open file behind.
    """

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()
        self._kept: dict[Path, tuple[tuple[int, int], PageFile]] = {}
        """By path: time and size when it was read, and what was read."""

    def read(self, name: str) -> PageFile | None:
        """Return the file of this name; None if there is none in the folder that can be read."""
        path = file_at(self._root, name)
        if path is None:
            return None
        try:
            status = path.stat()
            version = (status.st_mtime_ns, status.st_size)
            kept = self._kept.get(path)
            if kept is None or kept[0] != version:
                kept = self._kept[path] = (version, _page_file(path.name, path.read_bytes()))
        except OSError:
            return None
        return kept[1]


def _page_file(name: str, body: bytes) -> PageFile:
    return PageFile(
        body=body,
        compressed=gzip.compress(body, mtime=0),
        content_type=CONTENT_TYPES.guess_type(name)[0] or "application/octet-stream",
        etag=hashlib.sha256(body).hexdigest()[:32],
    )


def respond(request: web.Request, page: PageFile) -> web.Response:
    """Answer with the file, or with 304 if the browser has it (RFC 9110, section 13.1.2)."""
    known = request.if_none_match or ()
    if any(tag.value in (page.etag, "*") for tag in known):
        response = web.Response(status=304)
    else:
        takes_gzip = accepts_gzip(request.headers.get("Accept-Encoding", ""))
        response = web.Response(body=page.compressed if takes_gzip else page.body, content_type=page.content_type)
        if takes_gzip:
            response.headers["Content-Encoding"] = "gzip"
        if page.content_type.startswith("text/"):
            response.charset = "utf-8"
    response.headers["Vary"] = "Accept-Encoding"
    response.etag = ETag(value=page.etag, is_weak=True)  # weak: the compressed bytes are others
    return response


def accepts_gzip(header: str) -> bool:
    """Tell whether an ``Accept-Encoding`` names gzip, with another weight than 0 (RFC 9110, section 12.5.3)."""
    codings = (part.partition(";") for part in header.lower().split(","))
    return any(coding.strip() == "gzip" and not _NO_WEIGHT.fullmatch(weight.strip()) for coding, _, weight in codings)


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
