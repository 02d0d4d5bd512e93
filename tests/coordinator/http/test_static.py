"""The page's files and the headers of every response, through a real server."""

import asyncio
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.http.static import SECURITY_HEADERS, accepts_gzip, file_at


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html"),
        ("/index.html", "text/html"),
        ("/main.js", "javascript"),
        ("/input/pad.js", "javascript"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/strings.json", "application/json"),
        ("/app.webmanifest", "application/manifest+json"),
    ],
)
async def test_files_have_their_types_and_are_asked_for_again(arcade, path, content_type):
    response = await arcade.get(path)

    assert response.status == 200
    assert content_type in response.headers["Content-Type"]
    assert response.headers["Cache-Control"] == "no-cache"
    again = await arcade.get(path, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status == 304


async def test_a_file_comes_compressed_to_those_that_take_it(arcade, web_root):
    (web_root / "main.js").write_text("// the same words again and again\n" * 1000)
    sizes = {}
    for encoding in ("gzip, br", "identity", "gzip;q=0"):
        response = await arcade.get("/main.js", headers={"Accept-Encoding": encoding})
        assert await response.text() == (web_root / "main.js").read_text()
        assert response.headers["Vary"] == "Accept-Encoding"
        sizes[encoding] = int(response.headers["Content-Length"])
    assert sizes["gzip, br"] * 10 < sizes["identity"] == sizes["gzip;q=0"] == (web_root / "main.js").stat().st_size


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", False),
        ("gzip", True),
        ("br, GZip;q=0.5", True),
        ("gzip; q=0", False),
        ("gzip;q=0.00, br", False),
        ("x-gzip2", False),
    ],
)
def test_gzip_is_sent_to_those_that_name_it(header, accepted):
    assert accepts_gzip(header) is accepted


async def test_a_page_that_breaks_off_leaves_no_open_file(arcade, web_root):
    before = set(os.listdir("/proc/self/fd"))
    for _ in range(20):
        _, writer = await asyncio.open_connection(arcade.server.host, arcade.server.port)
        writer.write(b"GET /main.js HTTP/1.1\r\nHost: arcade\r\n\r\n")
        writer.transport.abort()
        await asyncio.sleep(0)
    assert (await arcade.get("/live")).status == 200
    held = [link for number in set(os.listdir("/proc/self/fd")) - before if (link := _target(number))]
    assert not [link for link in held if link.startswith(str(web_root))]


def _target(number: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{number}")
    except OSError:  # closed since
        return ""


async def test_a_changed_file_is_sent_anew(arcade, web_root):
    before = await arcade.get("/main.js")
    (web_root / "main.js").write_text("export const answer = 43.0;\n")

    after = await arcade.get("/main.js", headers={"If-None-Match": before.headers["ETag"]})

    assert after.status == 200
    assert "43" in await after.text()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/main.js", 200),
        ("/nowhere", 404),
        ("/live", 200),
        ("/ready", 503),
        ("/metrics", 200),
        ("/api/status", 200),
        ("/ws/player", 400),
        ("/ws/worker", 401),
    ],
)
async def test_every_response_has_the_security_headers(arcade, path, status):
    response = await arcade.get(path)

    assert response.status == status
    assert SECURITY_HEADERS.items() <= response.headers.items()


async def test_a_websocket_has_them_too(arcade):
    socket = await arcade.socket("/ws/player")

    assert SECURITY_HEADERS.items() <= socket._response.headers.items()


def test_the_page_may_load_and_reach_nothing_but_its_own():
    policy = dict(part.split(" ", 1) for part in SECURITY_HEADERS["Content-Security-Policy"].split("; "))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in SECURITY_HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("feature", ["gamepad", "fullscreen", "autoplay", "screen-wake-lock"])
def test_the_page_may_use_what_a_game_needs(feature):
    assert f"{feature}=(self)" in SECURITY_HEADERS["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/nowhere", "/nowhere.js", "/input", "/input/", "/api/", "/ws/", "/live/more"])
async def test_an_unknown_address_says_where_the_arcade_is(arcade, path):
    response = await arcade.get(path)

    assert response.status == 404
    assert await response.text() == "There is nothing at this address. The arcade is at /.\n"


@pytest.mark.parametrize("path", ["/", "/main.js", "/live", "/nowhere"])
async def test_nothing_is_written_to(arcade, path):
    async with arcade.http.post(arcade.url(path), data=b"x") as response:
        assert response.status == 405
        assert await response.text() == "This address is only read.\n"
        assert "GET" in response.headers["Allow"]


async def raw(arcade, target):
    """Send a request line that no client library would send, and return the answer."""
    reader, writer = await asyncio.open_connection(arcade.server.host, arcade.server.port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: arcade\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/input/../../secret.txt",
        "/input/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//etc/passwd",
        "/..\\secret.txt",
    ],
)
async def test_no_way_leads_out_of_the_folder(arcade, target):
    answer = await raw(arcade, target)

    assert answer.startswith(b"HTTP/1.1 404")
    assert b"not for pages" not in answer


async def test_a_link_does_not_lead_out_of_the_folder_either(arcade, web_root):
    (web_root / "way-out.txt").symlink_to(web_root.parent / "secret.txt")

    assert (await arcade.get("/way-out.txt")).status == 404


@pytest.mark.parametrize("name", ["a" * 5000, "nul\0", "/etc/passwd", "..", "input", "input/..", ""])
def test_what_is_no_file_of_the_folder_is_none(web_root, name):
    assert file_at(web_root.resolve(), name) is None


def test_a_circle_of_links_is_none(web_root):
    (web_root / "a").symlink_to(web_root / "b")
    (web_root / "b").symlink_to(web_root / "a")

    assert file_at(web_root.resolve(), "a") is None


@given(name=st.text())
def test_any_name_is_a_file_of_the_folder_or_none(tmp_path_factory, name):
    root = tmp_path_factory.getbasetemp().resolve()

    path = file_at(root, name)

    assert path is None or path.is_relative_to(root)


async def test_a_request_that_is_no_http_is_refused_and_the_server_goes_on(arcade):
    assert (await raw(arcade, "/ HTTP/1.1\r\n\x16\x03\x01\x02: \x00\r\n")).startswith(b"HTTP/1.0 400")
    assert (await arcade.get("/live")).status == 200
