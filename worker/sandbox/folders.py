"""Which files and folders a room may open: found once when its process starts, and with its game when that is known."""

import site
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from .landlock import KEEP, READ, USE, Grant

LIBRARIES: Final = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache")
"""Where the linker finds what cores are linked to."""
CLOCK_AND_MACHINE: Final = (
    "/etc/localtime",
    "/usr/share/zoneinfo",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
)
"""What cores and encoders ask: the time of day, and what the processor can do."""
DEVICES: Final = {"/dev/null": USE, "/dev/zero": READ, "/dev/random": READ, "/dev/urandom": READ}


def of_the_interpreter() -> list[Grant]:
    """List what Python, its packages and libraries are read from: modules are imported late here and there."""
    places = sysconfig.get_paths()
    folders = {places[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])}
    # Not the folders of ``sys.path``: the one that a program is started in is among them, whatever else it holds.
    for name in ("worker", "coordinator"):
        folders |= set(getattr(sys.modules.get(name), "__path__", ()))
    folders |= set(_mapped_from())
    readable = map(Path, {*folders, *LIBRARIES, *CLOCK_AND_MACHINE})
    return [
        *(Grant(path, READ) for path in _outermost(readable)),
        *(Grant(Path(path), rights) for path, rights in DEVICES.items()),
    ]


def of_the_game(core: Path, game: Path | None, system: Path, saves: Path) -> list[Grant]:
    """Grant a core, its game and what lies beside it, as discs and arcade games need, and the folder of its saves."""
    readable = [core, system, *([] if game is None else [game])]
    besides = [core.parent, *([] if game is None else [game.parent])]
    private = [saves.absolute(), Path.home()]
    return [
        *(Grant(path, READ) for path in readable if not _holds(path, private)),
        *(Grant(path, READ) for path in besides if not _holds(path, private)),
        Grant(saves, KEEP),
    ]


def _holds(folder: Path, private: Iterable[Path]) -> bool:
    """Tell whether one of the private folders is somewhere in this one, which then is no folder of games."""
    real = folder.resolve()
    return any(path.resolve().is_relative_to(real) for path in private)


def _outermost(paths: Iterable[Path]) -> list[Path]:
    """Leave out the paths that lie in others of them."""
    found = set(paths)
    return sorted(path for path in found if found.isdisjoint(path.parents))


def _mapped_from() -> Iterator[str]:
    """Find the folders of the libraries that this process has loaded, wherever the system keeps them."""
    try:
        lines = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        path = line.partition("/")[2]
        if ".so" in path and "r-xp" in line:
            yield str(Path("/" + path).parent)
