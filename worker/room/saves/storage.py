"""The room's side of the store: questions to the agent, and the answers matched to who waits for them."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from worker.messages.storing import Deleted, Fetched, Listed, StoreAnswer, Stored, StoreRequest, StoreState

logger = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 30.0
"""For an answer: the agent gives up on its store before, and says so."""

Later = Callable[[Stored], None]
Answer = TypeVar("Answer", Stored, Fetched, Listed, Deleted)


class StorageError(Exception):
    """The store has not done it; the text is a sentence for the player."""


class Storage:
    """One for each room. ``send`` takes what goes to the agent."""

    def __init__(self, send: Callable[[StoreRequest], None]) -> None:
        self._send = send
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[StoreAnswer]] = {}
        self._late: dict[int, Callable[[Stored], None]] = {}
        self.trouble = ""
        """What is wrong with the store now, as a sentence; nothing if all is well."""
        self.on_trouble: Callable[[str], None] = lambda sentence: None

    def ask(self, make: Callable[[int], StoreRequest], kind: type[Answer]) -> Coroutine[Any, Any, Answer]:
        """Send the request that ``make`` makes with its number, now; what is returned waits for the answer. That raises
        StorageError."""
        return self._answer(self._begin(make), kind)

    def store(self, make: Callable[[int], StoreRequest], later: Later) -> Coroutine[Any, Any, Stored]:
        """``ask`` for something that may be stored later; then ``later`` is called with the second answer."""
        return self._stored(self._begin(make), later)

    def _begin(self, make: Callable[[int], StoreRequest]) -> int:
        number = next(self._numbers)
        self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send(make(number))
        return number

    async def _answer(self, number: int, kind: type[Answer]) -> Answer:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                got = await self._waiting[number]
        except TimeoutError:
            raise StorageError("The store for saved games does not answer. Try it again later.") from None
        finally:
            del self._waiting[number]
        if not isinstance(got, kind):
            raise StorageError("The store for saved games gave an answer that can't be understood.")
        return got

    async def _stored(self, number: int, later: Later) -> Stored:
        answer = await self._answer(number, Stored)
        if answer.waiting:
            self._late[number] = later
        return answer

    def take(self, answer: StoreAnswer) -> None:
        """An answer of the agent's."""
        if isinstance(answer, StoreState):
            if answer.message != self.trouble:
                self.trouble = answer.message
                self.on_trouble(answer.message)
            return
        waiting = self._waiting.get(answer.request)
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)
        elif isinstance(answer, Stored) and answer.request in self._late:
            later = self._late[answer.request]
            if not answer.waiting:
                del self._late[answer.request]
            later(answer)
        else:
            logger.info("! an answer of the store that nobody waits for any more: %s", type(answer).__name__)
