"""A room's viewers: what is known of each, and which of them holds which seat. Runs on the event loop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from worker.room.players.liveness import Liveness
from worker.room.wire.requests import RequestRate

if TYPE_CHECKING:
    from worker.room.input.viewer_input import ViewerInput
    from worker.room.media.peer import Peer
    from worker.room.wire.notices import Notice

MAX_VIEWERS: Final = 32
"""Each costs about half a percent of a core; the coordinator's limit is lower."""


class Viewer:
    """One viewer: its connection, its input, and the seat that its input drives, if it has one."""

    def __init__(self, peer: Peer, input: ViewerInput, seat: int | None, profile: str, now: float) -> None:
        self.peer = peer
        self.input = input
        self.seat = seat
        self.profile = profile
        """The profile whose saves it may see; nobody's if empty."""
        self.entered = now
        """When it came, in seconds of the steady clock."""
        self.liveness = Liveness()
        self.requests = RequestRate(now)
        self.outstanding = 0
        """Requests that are being carried out."""
        self.datagrams = 0
        """Input datagrams in this second."""
        self.warned = False
        """Whether ``warn`` told it anything in this second."""
        self.connected = False
        """Whether its media have begun to flow."""
        self.watching = False
        """Whether it has had a key frame, so that it can use the frames after it."""

    @property
    def title(self) -> str:
        """Return the words by which the others are told of it."""
        return "A spectator" if self.seat is None else f"Player {self.seat + 1}"

    def is_present(self, now: float) -> bool:
        """Return whether the game is to be played for it."""
        return self.connected and not self.liveness.is_absent(now)

    def warn(self, notice: Notice) -> None:
        """Tell it what is wrong with what it sends, once a second: there may be a thousand such messages."""
        if not self.warned:
            self.warned = True
            self.peer.notify(notice)

    def begin_second(self) -> None:
        """Begin to count its datagrams and warnings anew."""
        self.datagrams = 0
        self.warned = False


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
        """Return the viewer of this name, if it is here."""
        return self._by_name.get(name)

    def add(self, name: str, viewer: Viewer) -> None:
        """Let a viewer in."""
        self._by_name[name] = viewer

    def remove(self, name: str) -> Viewer | None:
        """Let a viewer go, and return it if it was here."""
        return self._by_name.pop(name, None)

    def in_seat(self, seat: int) -> Iterator[Viewer]:
        """Iterate over the viewers in a seat: one, or none."""
        return (viewer for viewer in self if viewer.seat == seat)

    def assign_seat(self, viewer: Viewer, seat: int | None) -> None:
        """Let the viewer's input drive another port, or none. A viewer that was in the seat loses it: the newest
        connection is the one that its player looks at."""
        if seat is not None:
            for other in self.in_seat(seat):
                if other is not viewer:
                    other.seat = None
                    other.input.move_to(None)
        viewer.seat = seat
        viewer.input.move_to(seat)

    def notify(self, notice: Notice, but: Viewer | None = None) -> None:
        """Send a notice to all, or to all but one."""
        for viewer in self._by_name.values():
            if viewer is not but:
                viewer.peer.notify(notice)
