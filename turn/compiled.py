"""Machine code from Python functions, by Numba: kept on disk, so that it is made once for a machine and a release."""

import logging
from collections.abc import Callable
from typing import Any, Literal, TypeVar, cast

from numba import njit

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile at the first call, for the types of its arguments. Other threads run while it does."""
    return _compile(function, inline="never")


def inlined(function: Function) -> Function:
    """The same, as a part of each compiled function that calls it: to hand arrays over costs more than it does."""
    return _compile(function, inline="always")


def _compile(function: Function, inline: Literal["never", "always"]) -> Function:
    try:
        return cast(Function, njit(cache=True, nogil=True, inline=inline)(function))
    except RuntimeError as error:  # neither beside the module nor at home may anything be written
        logger.debug("! the machine code of %s can't be kept: %s", function.__name__, error)
        return cast(Function, njit(nogil=True, inline=inline)(function))
