"""The ways of messages to pages and workers.

Sans-I/O. Rooms decide on messages by the id of their receiver; a Router knows the way. LocalRouter is for a coordinator
on its own, to which all pages and workers are connected. A second replica needs a router that passes messages on to the
replica that has the connection, and nothing in rooms/ changes. Making outlets, of WebSockets or not, is left to http/.
"""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from msgspec import Struct

from coordinator.fleet.worker import WorkerId
from coordinator.messages import encode

PageId = int
"""The number of a page's connection; a page that connects again gets another one."""


class Page(NamedTuple):
    """A page that is connected."""

    id: PageId
    address: str = ""
    """The client, for limits on what one address may do; empty for this machine, which has none."""


class Outlet(Protocol):
    """Anything that takes messages for one page or worker: a WebSocket, a WHEP session, a test's list."""

    def send(self, message: Struct, text: str | None = None) -> None:
        """Send a message; ``text`` is its encoding where that is there already. Never waits, never fails."""
        ...

    async def close(self, code: int = ..., reason: str = ...) -> None:
        """Send what is queued, then end, with a status of RFC 6455 section 7.4.1 where there is a WebSocket."""
        ...


class Router(Protocol):
    """The ways to every page and worker."""

    @property
    def pages(self) -> Iterable[PageId]:
        """The pages that are connected, as they are at this moment."""
        ...

    @property
    def page_count(self) -> int:
        """The number of pages that are connected."""
        ...

    def add_page(self, page: PageId, outlet: Outlet) -> None:
        """Deliver the page's messages to this outlet from now on."""
        ...

    def remove_page(self, page: PageId) -> None:
        """Forget the way to a page whose connection has ended. Raises KeyError for an unknown one."""
        ...

    def add_worker(self, worker: WorkerId, outlet: Outlet) -> None:
        """Deliver the worker's messages to this outlet from now on."""
        ...

    def remove_worker(self, worker: WorkerId) -> None:
        """Forget the way to a worker whose connection has ended. Raises KeyError for an unknown one."""
        ...

    def send_to_page(self, page: PageId, message: Struct) -> None:
        """Send a message to one page. Raises KeyError for one that is not connected."""
        ...

    def send_to_pages(self, message: Struct) -> None:
        """Send a message to every page."""
        ...

    def send_to_worker(self, worker: WorkerId, message: Struct) -> None:
        """Send a message to one worker. Raises KeyError for one that is not connected."""
        ...


class LocalRouter:
    """Route messages to the pages and workers that are connected to this process."""

    def __init__(self) -> None:
        self._pages: dict[PageId, Outlet] = {}
        self._workers: dict[WorkerId, Outlet] = {}

    @property
    def pages(self) -> tuple[PageId, ...]:
        """The pages that are connected, the oldest connection first."""
        return tuple(self._pages)

    @property
    def page_count(self) -> int:
        """The number of pages that are connected."""
        return len(self._pages)

    def add_page(self, page: PageId, outlet: Outlet) -> None:
        """Deliver the page's messages to this outlet from now on."""
        self._pages[page] = outlet

    def remove_page(self, page: PageId) -> None:
        """Forget the way to a page whose connection has ended. Raises KeyError for an unknown one."""
        del self._pages[page]

    def add_worker(self, worker: WorkerId, outlet: Outlet) -> None:
        """Deliver the worker's messages to this outlet from now on."""
        self._workers[worker] = outlet

    def remove_worker(self, worker: WorkerId) -> None:
        """Forget the way to a worker whose connection has ended. Raises KeyError for an unknown one."""
        del self._workers[worker]

    def send_to_page(self, page: PageId, message: Struct) -> None:
        """Send a message to one page. Raises KeyError for one that is not connected."""
        self._pages[page].send(message)

    def send_to_pages(self, message: Struct) -> None:
        """Send a message to every page, encoded once: the library and the lobby are the longest messages there are."""
        text = encode(message)
        for outlet in tuple(self._pages.values()):
            outlet.send(message, text)

    def send_to_worker(self, worker: WorkerId, message: Struct) -> None:
        """Send a message to one worker. Raises KeyError for one that is not connected."""
        self._workers[worker].send(message)
