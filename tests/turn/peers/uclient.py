"""coturn's test client: one run of ``turnutils_uclient``, and what it says at the end."""

import itertools
import re
import subprocess
from dataclasses import dataclass

from tests.turn.peers.servers import HOST, PASSWORD, SECRET, USER, Server, program

ENOUGH = 60.0
"""Seconds: a run takes 2 to 7."""

NO_ENVIRONMENT: dict[str, str] = {}
"""Started in a thread, a program must not inherit: its execve would read the environment while pytest, in the main
thread, changes it (PYTEST_CURRENT_TEST), and fail with EFAULT. Python lets go of its lock for that (gh-104372)."""

_LINES = {
    "messages": re.compile(r"start_mclient: tot_send_msgs=(\d+), tot_recv_msgs=(\d+)$", re.MULTILINE),
    "bytes": re.compile(r"start_mclient: tot_send_bytes ~ (\d+), tot_recv_bytes ~ (\d+)$", re.MULTILINE),
    "lost": re.compile(r"Total lost packets (\d+) \(.*?\), total send dropped (\d+) "),
}


_runs = itertools.count()


@dataclass(frozen=True)
class Totals:
    """What a run adds up to."""

    messages: tuple[int, int]
    """Sent and received."""
    bytes: tuple[int, int]
    """Sent and received."""
    lost: tuple[int, int]
    """Not received, and not even sent."""

    @property
    def whole(self) -> bool:
        """Whether something was sent, and all of it came back."""
        sent, received = self.messages
        return sent == received > 0 and self.lost == (0, 0)


@dataclass(frozen=True)
class Ended:
    """A run that is over."""

    code: int | None
    """None: it had to be stopped."""
    output: str

    @property
    def totals(self) -> Totals | None:
        """None when it did not come to an end."""
        found = {name: pattern.findall(self.output)[-1:] for name, pattern in _LINES.items()}
        if not all(found.values()):
            return None
        return Totals(**{name: (int(first), int(second)) for name, [(first, second)] in found.items()})


def run(server: Server, peer_port: int, flags: str, *, secret: bool = False, seconds: float = ENOUGH) -> Ended:
    """Run it with these flags. ``secret``: make time-limited credentials of the secret, as ``-W`` does."""
    options = flags.split()
    port = server.secure_port if "-S" in options else server.port
    peer = "::1" if "-x" in options else HOST
    login = ("-W", SECRET) if secret else ("-w", PASSWORD)
    # Requests without credentials are rationed by source, so every run has an address of its own, as at home.
    source = f"127.2.0.{next(_runs) % 254 + 1}"
    aim = ("-L", source, "-e", peer, "-r", str(peer_port), "-p", str(port), "-u", USER, *login)
    command = (program("turnutils_uclient"), *options, *aim, HOST)
    try:
        ended = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            check=False,
            cwd=server.folder,
            env=NO_ENVIRONMENT,
        )
    except subprocess.TimeoutExpired as stopped:
        return Ended(None, (stopped.output or b"").decode(errors="replace"))
    return Ended(ended.returncode, ended.stdout.decode(errors="replace"))
