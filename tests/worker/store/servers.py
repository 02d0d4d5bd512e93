"""A real S3 API for the tests, and a proxy in front of it that is slow, down or breaks off in mid-write."""

import asyncio
import contextlib
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

BUCKET = "saves"

SECRET = "secret-key-that-must-not-be-seen"

_CHUNK = 1 << 16

_SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def s3(log: Path) -> Iterator[int]:
    """Run an S3 server with an empty bucket and give its port.

    It is a process of its own, for it has another idea of warnings.
    """
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=output
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            port = int(process.stdout.readline())
            request = urllib.request.Request(f"http://127.0.0.1:{port}/{BUCKET}", method="PUT")
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert answer.status == 200
            yield port
        finally:
            process.stdin.close()
            process.wait()


def options(port: int) -> dict[str, str]:
    """Build the options that open a store on this port."""
    return {
        "endpoint": f"http://127.0.0.1:{port}",
        "access_key_id": "AKIAEXAMPLE",
        "secret_access_key": SECRET,
        "region": "us-east-1",
    }


class FaultyProxy:
    """Passes TCP connections on to a port, with the faults that are set at the moment."""

    def __init__(self, target: int) -> None:
        self.port = 0
        self.delay = 0.0
        """Seconds that each answer is held back."""
        self.hold: asyncio.Event | None = None
        """Answers wait until it is set."""
        self.break_after: int | None = None
        """Break a connection when it has brought so many bytes of a request."""
        self.swallow_answers = False
        """Break a connection in place of its answer: the server has done what it was asked."""
        self.requests = 0
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def up(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse connections, and break those that are open."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            _abort(writer)
        if self.hold is not None:
            self.hold.set()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            _abort(writer)
            return
        both = (writer, their_writer)
        self._open.update(both)
        try:
            await asyncio.gather(
                self._requests(reader, their_writer, lambda: [_abort(each) for each in both]),
                self._answers(their_reader, writer, lambda: [_abort(each) for each in both]),
            )
        finally:
            for each in both:
                _abort(each)
                self._open.discard(each)

    async def _requests(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: Callable[[], object]
    ) -> None:
        brought = 0
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                self.requests += 1
                brought += len(data)
                if self.break_after is not None and brought > self.break_after:
                    writer.write(data[: max(0, len(data) - (brought - self.break_after))])
                    break
                writer.write(data)
                await writer.drain()
        stop()

    async def _answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, stop: Callable[[], object]
    ) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                if self.swallow_answers:
                    break
                if self.hold is not None:
                    await self.hold.wait()
                if self.delay:
                    await asyncio.sleep(self.delay)
                writer.write(data)
                await writer.drain()
        stop()


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
