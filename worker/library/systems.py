"""The table of systems: which file belongs to which machine, and which libretro cores play it.

A row is a preference, not a limit: ``core_overrides`` of the configuration puts any core to any file. Which of these
cores is installed is found out in ``cores.py``; which file is a game is decided in ``library.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePath


@dataclass(frozen=True, kw_only=True)
class System:
    """A machine that games are for."""

    name: str
    cores: tuple[str, ...]
    """Names as in ``<name>_libretro.so``, the preferred one first."""
    extensions: tuple[str, ...] = ()
    """File extensions, without the dot, that mean this system wherever the file lies."""
    folders: tuple[str, ...] = ()
    """Names of a games folder's subfolders that mean this system."""
    shared_extensions: tuple[str, ...] = ()
    """Extensions that several systems use: they count in one of ``folders`` alone."""


_SUPER_NINTENDO_CORES = (
    *("snes9x", "bsnes", "bsnes_mercury_balanced", "bsnes_mercury_performance", "bsnes_mercury_accuracy"),
    *("mesen-s", "snes9x2010"),
)
_MEGA_DRIVE_CORES = ("genesis_plus_gx", "picodrive", "blastem")
_MASTER_SYSTEM_CORES = ("genesis_plus_gx", "gearsystem", "picodrive", "smsplus")
OPTIONS: Mapping[str, Mapping[str, str]] = {
    # Games made with home-made tools address words at odd places; with the console's own trap for it they end in an
    # error screen, which other emulators never showed their authors.
    "genesis_plus_gx": {"genesis_plus_gx_addr_error": "disabled"},
}
"""Core options that suit more games than the core's own defaults. Those of the configuration come after them."""

_DISCS = ("cue", "chd", "m3u", "ccd")

SYSTEMS = (
    System(
        name="NES",
        cores=("fceumm", "nestopia", "mesen", "quicknes"),
        extensions=("nes", "fds", "unf", "unif"),
        folders=("nes", "famicom", "fds"),
    ),
    System(
        name="SNES",
        cores=_SUPER_NINTENDO_CORES,
        extensions=("sfc", "smc", "swc", "fig"),
        folders=("snes", "sfc", "superfamicom"),
        shared_extensions=("bin",),
    ),
    System(
        name="Game Boy",
        cores=("gambatte", "mgba", "sameboy", "gearboy"),
        extensions=("gb", "dmg"),
        folders=("gb", "gameboy"),
        shared_extensions=("bin",),
    ),
    System(
        name="Game Boy Color",
        cores=("gambatte", "mgba", "sameboy", "gearboy"),
        extensions=("gbc", "cgb"),
        folders=("gbc", "gameboycolor"),
        shared_extensions=("bin",),
    ),
    System(
        name="Game Boy Advance",
        cores=("mgba", "vba_next", "gpsp", "vbam"),
        extensions=("gba",),
        folders=("gba", "gameboyadvance"),
        shared_extensions=("bin",),
    ),
    System(
        name="Mega Drive",
        cores=_MEGA_DRIVE_CORES,
        extensions=("md", "gen", "smd", "mdx", "sgd"),
        folders=("megadrive", "genesis", "md"),
        shared_extensions=("bin", "68k"),
    ),
    System(name="Mega Drive 32X", cores=("picodrive",), extensions=("32x",), folders=("32x", "sega32x")),
    System(
        name="Mega CD",
        cores=("genesis_plus_gx", "picodrive"),
        folders=("megacd", "segacd", "scd"),
        shared_extensions=("cue", "chd", "m3u", "iso"),
    ),
    System(
        name="Master System",
        cores=_MASTER_SYSTEM_CORES,
        extensions=("sms",),
        folders=("mastersystem", "sms"),
        shared_extensions=("bin",),
    ),
    System(
        name="Game Gear",
        cores=_MASTER_SYSTEM_CORES,
        extensions=("gg",),
        folders=("gamegear", "gg"),
        shared_extensions=("bin",),
    ),
    System(name="SG-1000", cores=_MASTER_SYSTEM_CORES, extensions=("sg",), folders=("sg1000", "sg-1000")),
    System(
        name="Atari 2600",
        cores=("stella", "stella2014"),
        extensions=("a26",),
        folders=("atari2600", "a2600"),
        shared_extensions=("bin",),
    ),
    System(name="Atari 5200", cores=("atari800", "a5200"), extensions=("a52",), folders=("atari5200",)),
    System(
        name="Atari 7800",
        cores=("prosystem",),
        extensions=("a78",),
        folders=("atari7800",),
        shared_extensions=("bin",),
    ),
    System(name="Atari Lynx", cores=("handy", "mednafen_lynx"), extensions=("lnx",), folders=("lynx", "atarilynx")),
    System(
        name="PC Engine",
        cores=("mednafen_pce_fast", "mednafen_pce", "mednafen_supergrafx"),
        extensions=("pce",),
        folders=("pcengine", "pce", "tg16"),
        shared_extensions=_DISCS,
    ),
    System(
        name="SuperGrafx",
        cores=("mednafen_supergrafx", "mednafen_pce"),
        extensions=("sgx",),
        folders=("supergrafx",),
    ),
    System(name="WonderSwan", cores=("mednafen_wswan",), extensions=("ws", "wsc"), folders=("wonderswan",)),
    System(name="Virtual Boy", cores=("mednafen_vb",), extensions=("vb", "vboy"), folders=("virtualboy",)),
    System(
        name="Neo Geo Pocket",
        cores=("mednafen_ngp", "race"),
        extensions=("ngp", "ngc", "ngpc"),
        folders=("ngp", "neogeopocket"),
    ),
    System(name="ColecoVision", cores=("gearcoleco", "bluemsx"), extensions=("col",), folders=("coleco",)),
    System(
        name="MSX",
        cores=("bluemsx", "fmsx"),
        extensions=("mx1", "mx2"),
        folders=("msx",),
        shared_extensions=("rom", "dsk", "cas"),
    ),
    System(name="Intellivision", cores=("freeintv",), extensions=("int",), folders=("intellivision",)),
    System(name="Odyssey2", cores=("o2em",), folders=("odyssey2", "videopac"), shared_extensions=("bin",)),
    System(name="Pokémon mini", cores=("pokemini",), extensions=("min",), folders=("pokemini",)),
    System(name="Supervision", cores=("potator",), extensions=("sv",), folders=("supervision",)),
    System(name="Nintendo DS", cores=("desmume", "melonds"), extensions=("nds",), folders=("nds",)),
    System(
        name="PlayStation",
        cores=("pcsx_rearmed", "mednafen_psx"),
        extensions=("pbp",),
        folders=("psx", "ps1", "playstation"),
        shared_extensions=_DISCS,
    ),
    System(name="Saturn", cores=("mednafen_saturn",), folders=("saturn",), shared_extensions=_DISCS),
    System(
        name="Arcade",
        cores=("fbneo", "mame2003_plus", "mame2010"),
        folders=("arcade", "fbneo", "mame", "neogeo"),
        shared_extensions=("zip",),
    ),
    System(name="Doom", cores=("prboom",), folders=("doom",), shared_extensions=("wad",)),
)

_BY_EXTENSION = {extension: system for system in SYSTEMS for extension in system.extensions}
_BY_FOLDER = {
    (folder, extension): system
    for system in SYSTEMS
    for folder in system.folders
    for extension in (*system.extensions, *system.shared_extensions)
}


def system_of(extension: str, folder: str) -> System | None:
    """Find the system of a file by its extension (no dot) and top folder (empty for none); None if unknown."""
    return _BY_FOLDER.get((folder.lower(), extension.lower())) or _BY_EXTENSION.get(extension.lower())


@dataclass(frozen=True)
class Assignment:
    """What a file is: a game for this system, to be played by the first of these cores that is installed."""

    system: str
    cores: tuple[str, ...]


def assign(file: PurePath, folder: str, overrides: Mapping[str, str]) -> Assignment | None:
    """Decide what a file is; None if it is no game.

    ``file`` is relative to the games folder, ``folder`` the top folder that it lies in. A key of ``overrides`` is a
    file pattern, a folder or an extension, in this order of precedence; its value the name of a core. A folder alone
    makes no game of a file (there may be a readme in it), a pattern or an extension does.
    """
    extension = file.suffix.removeprefix(".").lower()
    system = system_of(extension, folder)
    core = (
        override_for(file, overrides) or (system and overrides.get(folder)) or (extension and overrides.get(extension))
    )
    if core:
        return Assignment(system.name if system else core.replace("_", " "), (core,))
    return Assignment(system.name, system.cores) if system else None


def override_for(file: PurePath, patterns: Mapping[str, str]) -> str | None:
    """Return the value of the first file pattern among the keys that the file matches."""
    return next((value for key, value in patterns.items() if is_pattern(key) and matches(file, key)), None)


def is_pattern(key: str) -> bool:
    """Tell whether a key of the configuration is a file pattern, not the name of a folder, extension or core."""
    return any(character in key for character in "*?[./")


def matches(file: PurePath, pattern: str) -> bool:
    """Match the shell pattern in any case with the file's path, or with its name if the pattern has no slash."""
    name = file.as_posix() if "/" in pattern else file.name
    return fnmatchcase(name.lower(), pattern.lower())
