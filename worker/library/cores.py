"""Which libretro cores are on this machine, and what to do when the one that a game needs is not.

Cores are found by their file names, ``<name>_libretro.so``; no core is loaded here, because loading one may crash the
process that does it.
"""

import importlib.util
import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

logger = logging.getLogger(__name__)

SUFFIX = "_libretro" + {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")

WHEEL_CORES = frozenset(
    {
        *("fbneo", "fceumm", "gambatte", "genesis_plus_gx", "mednafen_pce_fast", "mednafen_saturn", "melonds", "mgba"),
        *("parallel_n64", "picodrive", "snes9x", "stella"),
    }
)
"""The cores that the stable-retro wheel brings along: ``pip install coinop[cores]``."""

DEBIAN_PACKAGES = {
    "bsnes_mercury_accuracy": "libretro-bsnes-mercury-accuracy",
    "bsnes_mercury_balanced": "libretro-bsnes-mercury-balanced",
    "bsnes_mercury_performance": "libretro-bsnes-mercury-performance",
    "desmume": "libretro-desmume",
    "gambatte": "libretro-gambatte",
    "mednafen_pce_fast": "libretro-beetle-pce-fast",
    "mednafen_psx": "libretro-beetle-psx",
    "mednafen_vb": "libretro-beetle-vb",
    "mednafen_wswan": "libretro-beetle-wswan",
    "mgba": "libretro-mgba",
    "nestopia": "libretro-nestopia",
}

Cores = Mapping[str, Path]
"""Installed cores: name to path."""


def standard_folders() -> tuple[Path, ...]:
    """List where packages and RetroArch put cores: the system's folders before the user's, the wheel's last."""
    home = Path.home()
    system = sorted(path for path in Path("/usr/lib").glob("*/libretro") if path.is_dir())
    candidates = [
        *system,
        Path("/usr/lib/libretro"),
        Path("/usr/local/lib/libretro"),
        Path("/opt/homebrew/lib/libretro"),
        home / ".config/retroarch/cores",
        home / ".var/app/org.libretro.RetroArch/config/retroarch/cores",
        home / "snap/retroarch/current/.config/retroarch/cores",
        home / "Library/Application Support/RetroArch/cores",
    ]
    wheel = stable_retro_folder()
    return (*candidates, wheel / "cores") if wheel else tuple(candidates)


def stable_retro_folder() -> Path | None:
    """Find the folder of the stable-retro package without importing it; None if it is not installed."""
    spec = importlib.util.find_spec("stable_retro")
    return Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None


def find_cores(configured: Iterable[Path], standard: Iterable[Path] | None = None) -> Cores:
    """Find all cores in these folders; of two with one name the first counts."""
    cores: dict[str, Path] = {}
    for folder in (*configured, *(standard_folders() if standard is None else standard)):
        for path in _cores_in(folder):
            cores.setdefault(path.name.removesuffix(SUFFIX), path)
    return cores


def choose(wanted: Sequence[str], cores: Cores) -> Path | None:
    """Choose the first of the wanted cores that is installed; None if none is."""
    return next((cores[name] for name in wanted if name in cores), None)


def remedy(wanted: Sequence[str]) -> str:
    """Say in one sentence what to do to have one of these cores."""
    ways = []
    if WHEEL_CORES.intersection(wanted):
        ways.append("run `pip install 'coinop[cores]'`")
    if packages := [DEBIAN_PACKAGES[name] for name in wanted if name in DEBIAN_PACKAGES]:
        ways.append(f"run `apt install {packages[0]}`")
    files = " or ".join(name + SUFFIX for name in wanted[:2])
    ways.append(f"put {files} into a folder that COINOP_WORKER_CORES names")
    return f"To play it, {', or '.join(ways)}."


def _cores_in(folder: Path) -> list[Path]:
    try:
        return sorted(path.absolute() for path in folder.expanduser().glob("*" + SUFFIX) if path.is_file())
    except OSError as error:
        logger.warning("The folder of cores %s can't be read (%s), so its cores are left out.", folder, error.strerror)
        return []
