"""The room's side of the store: requests to the agent, and its answers matched to them."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from worker.messages.storing import Deleted, Fetched, Listed, StoreAnswer, Stored, StoreRequest, StoreState
from worker.room.errors import StorageError

logger = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 30.0
"""For an answer: the agent gives up on its store before, and says so."""

Later = Callable[[Stored], None]
Answer = TypeVar("Answer", Stored, Fetched, Listed, Deleted)


class Storage:
    """One for each room. ``send`` takes what goes to the agent."""

    def __init__(self, send: Callable[[StoreRequest], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[StoreAnswer]] = {}
        self._later: dict[int, Later] = {}
        """By the request's number: those that were answered with "later", and wait for their second answer."""
        self.trouble = ""
        """The store's trouble now, as a sentence; nothing if all is well."""
        self.on_trouble: Callable[[str], None] = lambda sentence: None
        """Called with ``trouble`` when it changes."""

    def ask(self, make: Callable[[int], StoreRequest], kind: type[Answer]) -> Awaitable[Answer]:
        """Send the request that ``make`` makes with its number, now; return an awaitable that waits for the answer.

        Awaiting it raises StorageError.
        """
        return self._answer(self._begin(make), kind)

    def store(self, make: Callable[[int], StoreRequest], later: Later) -> Awaitable[Stored]:
        """Do as ``ask`` for something that may be stored later; ``later`` is then called with the second answer."""
        return self._stored(self._begin(make), later)

    def _begin(self, make: Callable[[int], StoreRequest]) -> int:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send(make(number))
        return number

    async def _answer(self, number: int, kind: type[Answer]) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._waiting[number]
        except TimeoutError:
            raise StorageError("The store for saved games does not answer. Try it again later.") from None
        finally:
            del self._waiting[number]
        if not isinstance(answer, kind):
            raise StorageError("The store for saved games gave an answer that can't be understood.")
        return answer

    async def _stored(self, number: int, later: Later) -> Stored:
        answer = await self._answer(number, Stored)
        if answer.waiting:
            self._later[number] = later
        return answer

    def handle_answer(self, answer: StoreAnswer) -> None:
        """Hand an answer of the agent's to the request that it is for; a StoreState changes ``trouble``."""
        if isinstance(answer, StoreState):
            if answer.message != self.trouble:
                self.trouble = answer.message
                self.on_trouble(answer.message)
            return
        waiting = self._waiting.get(answer.request)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        elif isinstance(answer, Stored) and answer.request in self._later:
            later = self._later[answer.request]
            if not answer.waiting:
                del self._later[answer.request]
            later(answer)
        else:
            logger.info("! an answer of the store that nobody waits for any more: %s", type(answer).__name__)
