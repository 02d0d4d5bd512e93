"""Machine code from Python functions, by Numba: kept on disk, so that it is made once for a machine and a release.

What such functions do with memory is left to pointers.py.
"""

import ast
import hashlib
import logging
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Final, TypeVar, cast

from numba import config, njit
from numba.core.caching import InTreeCacheLocator, UserProvidedCacheLocator, UserWideCacheLocator

logger = logging.getLogger(__name__)

Function = TypeVar("Function", bound=Callable[..., object])

_ROOT: Final = Path(__file__).parents[2]
"""The folder that the package ``turn`` lies in."""


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Return the files of the modules of this package that a module imports itself."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    ours = [_ROOT.joinpath(*name.split(".")) for name in names if name.split(".")[0] == "turn"]
    files = [file for place in ours for file in (place.with_suffix(".py"), place / "__init__.py")]
    return frozenset(file for file in files if file.is_file())


def ingredients(path: Path) -> Iterator[Path]:
    """Yield the files that a module's machine code may be made of: its own, and all that it imports, directly or not.

    Constants and functions of other modules go into a function's code, but Numba makes it anew only when the function's
    own file has changed. If another one had, old code would go on, with offsets that are not right any more, in memory
    that is something else now.
    """
    found, waiting = {path}, [path]
    while waiting:
        yield (here := waiting.pop())
        waiting += (more := _imports(here) - found)
        found |= more


@cache
def stamp(path: Path) -> bytes:
    """Return a digest of all that a module's machine code may be made of."""
    digests = sorted(hashlib.sha256(each.read_bytes()).digest() for each in ingredients(path))
    return hashlib.sha256(b"".join(digests)).digest()


class _Stamped:
    """Take kept code as long as no ingredient of it has changed. To be mixed into Numba's locators."""

    _py_file: str

    def get_source_stamp(self) -> bytes:
        """Return what the kept code must have been made of."""
        return stamp(Path(self._py_file).resolve())


class Chosen(_Stamped, UserProvidedCacheLocator):
    """Code where ``NUMBA_CACHE_DIR`` says."""


class BesideModule(_Stamped, InTreeCacheLocator):
    """Code beside the modules."""


class ReadOnly(BesideModule):
    """Code beside the modules that is read and never written: an image's, whose file system is read-only.

    Numba's own way asks whether it may write. Only code for any processor (``NUMBA_CPU_NAME=generic``) is sure to be
    all there: other code would have to be added to.
    """

    def ensure_cache_path(self) -> None:
        """Raise OSError where there is no such code."""
        found = Path(self._cache_path).glob("*.nbi") if _setting("CPU_NAME") == "generic" else ()
        if not any(found):
            raise FileNotFoundError(self._cache_path)


class UserCache(_Stamped, UserWideCacheLocator):
    """Code in the user's cache folder."""


def _setting(name: str) -> object:
    """Return a setting of Numba's."""
    return getattr(config, name)


if not _setting("CACHE_LOCATOR_CLASSES"):  # NUMBA_CACHE_LOCATOR_CLASSES
    _classes = (Chosen, BesideModule, ReadOnly, UserCache)
    config.CACHE_LOCATOR_CLASSES = ",".join(  # type: ignore[attr-defined]
        f"{__name__}.{each.__name__}" for each in _classes
    )


def compiled(function: Function) -> Function:
    """Compile at the first call, for the types of its arguments. Other threads run while it does."""
    try:
        return cast(Function, njit(cache=True, nogil=True)(function))
    except RuntimeError as error:  # neither beside the module nor at home may anything be written
        logger.debug("! the machine code of %s can't be kept: %s", function.__name__, error)
        return cast(Function, njit(nogil=True)(function))
