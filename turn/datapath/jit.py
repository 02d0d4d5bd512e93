"""Machine code from Python functions, by Numba: kept on disk, so that it is made once for a machine and a release.

Compiled functions hand each other addresses and make arrays of them where they use them. An array that is handed over
is nine words on the stack and a reference to count, in every call: more than a packet's own work.
"""

import hashlib
import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numpy as np
from numba import carray, config, njit, types  # type: ignore[attr-defined]
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator
from numba.extending import intrinsic

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])

INGREDIENTS: Final = (
    "datapath/flow_table",
    "datapath/forward",
    "datapath/gso",
    "datapath/jit",
    "datapath/linux",
    "datapath/memory",
    "relay/token_bucket",
    "wire/channel",
)
"""The modules whose functions and constants go into machine code. Numba itself makes a function's code anew only when
the function's own module has changed. If another one has, old code would go on, with offsets that are not right any
more, in memory that is something else now."""


@cache
def _ingredients() -> bytes:
    digest = hashlib.sha256()
    for name in INGREDIENTS:
        digest.update((Path(__file__).parents[1] / f"{name}.py").read_bytes())
    return digest.digest()


class _Fresh:
    """Code that is kept is good as long as none of the ingredients has changed. To be mixed into Numba's locators."""

    def get_source_stamp(self) -> object:
        return cast(Any, super()).get_source_stamp(), _ingredients()


class Chosen(_Fresh, UserProvidedCacheLocator):
    """Where ``NUMBA_CACHE_DIR`` says."""


class Beside(_Fresh, InTreeCacheLocator):
    """Beside the modules."""


class Finished(Beside):
    """There, but read and never written: an image's, whose file system is read-only.

    Numba's own way asks whether it may write. Only code for any processor (``NUMBA_CPU_NAME=generic``) is sure to be
    all there: other code would have to be added to.
    """

    def ensure_cache_path(self) -> None:
        """Raises OSError where there is no such code."""
        found = Path(self._cache_path).glob("*.nbi") if cast(Any, config).CPU_NAME == "generic" else ()
        if not any(found):
            raise FileNotFoundError(self._cache_path)


class AtHome(_Fresh, UserWideCacheLocator):
    """In the user's cache folder."""


if not cast(Any, config).CACHE_LOCATOR_CLASSES:  # NUMBA_CACHE_LOCATOR_CLASSES
    cast(Any, config).CACHE_LOCATOR_CLASSES = ",".join(
        f"{__name__}.{place.__name__}" for place in (Chosen, Beside, Finished, AtHome)
    )


def compiled(function: Function) -> Function:
    """Compile at the first call, for the types of its arguments. Other threads run while it does."""
    try:
        return cast(Function, njit(cache=True, nogil=True)(function))
    except RuntimeError as error:  # neither beside the module nor at home may anything be written
        logger.debug("! the machine code of %s can't be kept: %s", function.__name__, error)
        return cast(Function, njit(nogil=True)(function))


def _as_pointer(_: Any, address: Any) -> Any:
    """The address as C's ``void *``."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(types.voidptr))

    return types.voidptr(address), generate


_pointer: Any = intrinsic(_as_pointer)


@compiled
def words(address: int, count: int) -> Any:
    """So many words of 64 bits there, as an array. For compiled functions alone."""
    return carray(_pointer(address), (count,), np.int64)


@compiled
def rows(address: int, count: int, width: int) -> Any:
    """So many rows of words."""
    return carray(_pointer(address), (count, width), np.int64)


@compiled
def small_words(address: int, count: int) -> Any:
    """So many words of 32 bits."""
    return carray(_pointer(address), (count,), np.int32)


@compiled
def octets(address: int, count: int) -> Any:
    """So many bytes."""
    return carray(_pointer(address), (count,), np.uint8)


@compiled
def numbers(address: int, count: int) -> Any:
    """So many floating-point numbers of 64 bits."""
    return carray(_pointer(address), (count,), np.float64)
