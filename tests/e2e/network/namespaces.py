"""Networks of their own on one machine: namespaces of the kernel, which need no root where users may make their own.

A network is a process that stays in it and does nothing; it ends with these tests, however they end. What runs in a
network is started through the command that ``Network.enter`` gives.
"""

import os
import shutil
import subprocess
from collections.abc import Iterable
from functools import cache

PROGRAMS = ("unshare", "nsenter", "ip")

OWN_USER = ["--user", "--map-root-user"]
"""In a namespace of users everybody may be root, and as such make networks."""


class Network:
    """One network, with nothing in it but a loopback."""

    def __init__(self, name: str, hub: "Network | None" = None) -> None:
        """``hub`` is the first network, to whose user the others belong."""
        self.name = name
        self._hub = hub or self
        make = ["unshare", *as_root(), "--net"] if hub is None else [*hub.enter(), "unshare", "--net"]
        self._process = subprocess.Popen(
            [*make, "sh", "-c", "echo there; exec cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == b"there\n", f"the network {name} can't be made"
        self.set_up("link set lo up")

    @property
    def pid(self) -> int:
        """The process that is there."""
        return self._process.pid

    def enter(self) -> list[str]:
        """Give the command that starts another in this network."""
        user = [f"--user=/proc/{self._hub.pid}/ns/user", "--preserve-credentials"] if as_root() else []
        return ["nsenter", *user, f"--net=/proc/{self.pid}/ns/net"]

    def set_up(self, *commands: str) -> None:
        """Carry out commands of ``ip``."""
        subprocess.run([*self.enter(), "ip", "-batch", "-"], input="\n".join(commands), text=True, check=True)

    def close(self) -> None:
        """Let it end, as soon as nobody is in it."""
        self._process.kill()
        self._process.communicate()


@cache
def as_root() -> list[str]:
    """Give the options that make us root for networks: none, if we are root and there are no namespaces of users."""
    return [] if os.geteuid() == 0 and not _works(OWN_USER) else OWN_USER


@cache
def can_be_made() -> bool:
    """Whether this machine lets us have networks of our own."""
    return all(map(shutil.which, PROGRAMS)) and _works(as_root())


def _works(options: Iterable[str]) -> bool:
    trial = ["unshare", *options, "--net", "ip", "link", "set", "lo", "up"]
    return subprocess.run(trial, stderr=subprocess.DEVNULL, check=False).returncode == 0
