"""A room's viewers: what is known of each, and who holds which seat. Runs on the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker.room.players.liveness import Liveness
from worker.room.wire.requests import RequestRate

if TYPE_CHECKING:
    from worker.room.input.inputs import Devices
    from worker.room.media.peer import Peer
    from worker.room.wire.notices import Notice

MAX_VIEWERS: Final = 32
"""Each costs about half a percent of a core; the coordinator's limit is lower."""


class Viewer:
    """One viewer: its connection, its devices, and the seat that these drive, if it has one."""

    def __init__(self, peer: Peer, devices: Devices, seat: int | None, profile: str, now: float) -> None:
        self.peer = peer
        self.devices = devices
        self.seat = seat
        self.profile = profile
        """Whose saves it may see; nobody's if empty."""
        self.entered = now
        self.liveness = Liveness()
        self.requests = RequestRate(now)
        self.outstanding = 0
        """Requests that are being carried out."""
        self.datagrams = 0
        self.complained = False
        self.connected = False
        """Whether its media have begun to flow."""
        self.watching = False
        """Whether it has had a key frame, so that it can use the frames after it."""

    @property
    def title(self) -> str:
        """What the others call it."""
        return "A spectator" if self.seat is None else f"Player {self.seat + 1}"

    def present(self, now: float) -> bool:
        """Whether there is anybody to play for."""
        return self.connected and not self.liveness.absent(now)

    def complain(self, notice: Notice) -> None:
        """Tell it what is wrong with what it sends; once a second, for it may be a thousand times."""
        if not self.complained:
            self.complained = True
            self.peer.notify(notice)


class Viewers:
    """All of a room's viewers, by their connection's name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Viewer] = {}

    def __len__(self) -> int:
        return len(self._by_name)

    def __iter__(self) -> Iterator[Viewer]:
        return iter(self._by_name.values())

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def get(self, name: str) -> Viewer | None:
        """The viewer of this name."""
        return self._by_name.get(name)

    def add(self, name: str, viewer: Viewer) -> None:
        """Let it in."""
        self._by_name[name] = viewer

    def remove(self, name: str) -> Viewer | None:
        """Let it go."""
        return self._by_name.pop(name, None)

    def at(self, seat: int) -> Iterator[Viewer]:
        """Who holds the seat."""
        return (viewer for viewer in self if viewer.seat == seat)

    def seat(self, viewer: Viewer, seat: int | None) -> None:
        """Let the viewer's devices drive another port, or none. Who held the seat until now holds none: the newest
        connection is the one that its player looks at."""
        if seat is not None:
            for other in self.at(seat):
                if other is not viewer:
                    other.seat = None
                    other.devices.sit(None)
        viewer.seat = seat
        viewer.devices.sit(seat)

    def tell(self, notice: Notice, but: Viewer | None = None) -> None:
        """Send a notice to all, or all but one."""
        for viewer in self._by_name.values():
            if viewer is not but:
                viewer.peer.notify(notice)
