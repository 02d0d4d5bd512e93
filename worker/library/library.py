"""The library: which games are here, and what plays each of them.

Game folders are scanned in a thread and watched; a ``Library`` is what one scan found, and never changes. What belongs
to which core is a table (``systems.py``) with the configuration's overrides; a game whose core is missing stays in the
library with the remedy, but is not announced to the coordinator.
"""

import asyncio
import hashlib
import logging
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import NamedTuple

from watchfiles import awatch
from watchfiles._rust_notify import WatchfilesRustInternalError

from coordinator.messages import MAX_GAMES, MAX_MESSAGE_BYTES, Game, encode
from worker.config import Config
from worker.library import cores, systems
from worker.library.cores import Cores
from worker.library.files import Fingerprints, files_in, is_text
from worker.library.systems import Assignment
from worker.library.titles import alias_for, parse_aliases, title_of

logger = logging.getLogger(__name__)

ALIASES_FILE = "aliases.txt"
MAX_ALIASES_BYTES = 1 << 20

MAX_PART_BYTES = MAX_MESSAGE_BYTES - 16_384
"""What the games of one message may take; the rest is for the registration around them, gateways among it."""

DEBOUNCE_MS = 1000
"""A folder that is being copied changes many times a second: one scan for all of them."""

RESCAN_MS = 60_000
"""Network file systems report no changes that are made elsewhere, so look again now and then."""

_OFTEN_TEXT = (".md",)
"""Extensions of games and of documents: a README.md is no Mega Drive game."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A game and what plays it."""

    game: Game
    path: Path | None
    """The game file; None for a core that is a game itself."""
    core: Path | None
    """None if none of the cores for it is installed: ``remedy`` says what to do."""
    options: Mapping[str, str] = field(default_factory=dict)
    remedy: str = ""


@dataclass(frozen=True)
class Library:
    """What one scan found, sorted by title."""

    entries: tuple[Entry, ...] = ()

    def find(self, game: str) -> Entry | None:
        """Find the entry with this game id."""
        return next((entry for entry in self.entries if entry.game.id == game), None)

    @property
    def missing(self) -> tuple[Entry, ...]:
        """The games that can't be played here, for want of a core."""
        return tuple(entry for entry in self.entries if entry.core is None)

    @property
    def announced(self) -> tuple[Game, ...]:
        """The games that can be played here, as many as a coordinator takes."""
        return tuple(entry.game for entry in self.entries if entry.core)[:MAX_GAMES]


class Announced(NamedTuple):
    """A part of the library, as the coordinator is told of it."""

    games: tuple[Game, ...]
    more: int
    """How many games are in the parts after it."""


def in_parts(games: Iterable[Game]) -> list[Announced]:
    """Divide the games into parts, one at least, that each fit into a message to the coordinator."""
    parts: list[list[Game]] = [[]]
    left = MAX_PART_BYTES
    for game in games:
        size = len(encode(game).encode()) + 1
        if size > left:
            parts.append([])
            left = MAX_PART_BYTES
        parts[-1].append(game)
        left -= size
    total = sum(map(len, parts))
    return [Announced(tuple(part), total := total - len(part)) for part in parts]


@dataclass(frozen=True, kw_only=True)
class _Found:
    """A file that is a game."""

    path: Path
    relative: PurePath
    """As the patterns of the configuration see it."""
    title: str
    assignment: Assignment


class Scanner:
    """Makes libraries of the configured folders. ``scan`` blocks; ``follow`` runs it in a thread."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._stop = threading.Event()
        self._fingerprints = Fingerprints(self._stop)

    def scan(self) -> Library:
        """Read all folders again, and make a library of what is there. Raises ScanStoppedError after ``stop``."""
        installed = cores.find_cores(self._config.cores, None if self._config.standard_cores else ())
        entries: dict[str, Entry] = {}
        seen = set()
        for found in self._find():
            seen.add(found.path)
            if (id := self._fingerprint(found.path)) and id not in entries:
                entries[id] = self._entry(id, found, installed)
        for name in self._config.standalone:
            entry = self._standalone(name, installed)
            entries[entry.game.id] = entry
        self._fingerprints.forget_others(seen)
        return Library(tuple(sorted(entries.values(), key=lambda entry: (entry.game.title.casefold(), entry.game.id))))

    async def follow(self, changed: Callable[[Library], None]) -> None:
        """Watch the folders until cancelled, and scan again after a change."""
        folders = [folder for folder in self._config.games if folder.is_dir()]
        if not folders:
            return
        try:
            async for _ in awatch(
                *folders,
                watch_filter=None,
                debounce=DEBOUNCE_MS,
                rust_timeout=RESCAN_MS,
                yield_on_timeout=True,
                ignore_permission_denied=True,
            ):
                changed(await self.scan_in_thread())
        except (OSError, WatchfilesRustInternalError) as error:
            logger.warning(
                "The games folders can't be watched (%s): restart the worker after changes, or set"
                " WATCHFILES_FORCE_POLLING=1, or raise fs.inotify.max_user_watches.",
                error,
            )

    async def scan_in_thread(self) -> Library:
        """Scan in a thread. When cancelled, the thread stops soon, so that it delays nobody's exit."""
        try:
            return await asyncio.to_thread(self.scan)
        except asyncio.CancelledError:
            self._stop.set()
            raise

    # ----- files

    def _find(self) -> Iterator[_Found]:
        for root in self._config.games:
            if not root.is_dir():
                logger.warning("The games folder %s is not there: make it, and restart the worker.", root)
                continue
            aliases = _read_aliases(root / ALIASES_FILE)
            for path in files_in(root):
                if path.suffix.lower() in _OFTEN_TEXT and is_text(path):
                    continue
                relative = path.relative_to(root)
                top = relative.parts[0] if len(relative.parts) > 1 else root.name
                if assignment := systems.assign(relative, top, self._config.core_overrides):
                    title = alias_for(path.name, aliases) or title_of(path.stem)
                    yield _Found(path=path, relative=relative, title=title, assignment=assignment)
        wheel = cores.stable_retro_folder() if self._config.wheel_games else None
        if wheel:
            yield from _wheel_games(wheel, self._config.core_overrides)

    def _fingerprint(self, path: Path) -> str | None:
        try:
            str(path).encode()
            return self._fingerprints.of(path)
        except UnicodeEncodeError:
            logger.warning("The name of the game file %r is no UTF-8, so it is left out: rename it.", path)
        except FileNotFoundError:  # gone since it was listed, or a link to nowhere
            logger.debug("= %s is gone", path)
        except OSError as error:
            logger.warning("The game file %s can't be read (%s), so it is left out.", path, error.strerror)
        return None

    # ----- entries

    def _entry(self, id: str, found: _Found, installed: Cores) -> Entry:
        wanted, system = found.assignment.cores, found.assignment.system
        core = cores.choose(wanted, installed)
        return Entry(
            game=Game(id=id, title=found.title, system=system),
            path=found.path,
            core=core,
            options=self._options(core, found.relative) if core else {},
            remedy="" if core else f"No core for {system} games is installed. {cores.remedy(wanted)}",
        )

    def _standalone(self, name: str, installed: Cores) -> Entry:
        core = installed.get(name)
        return Entry(
            game=Game(id=hashlib.sha256(f"core:{name}".encode()).hexdigest()[:16], title=title_of(name), system="Core"),
            path=None,
            core=core,
            options=self._options(core, PurePath(name)) if core else {},
            remedy="" if core else f"The core {name} is not installed. {cores.remedy((name,))}",
        )

    def _options(self, core: Path, file: PurePath) -> dict[str, str]:
        """Put together the core's options, then those for each pattern that the file matches."""
        configured = self._config.core_options
        name = core.name.removesuffix(cores.SUFFIX)
        options = {**systems.OPTIONS.get(name, {}), **configured.get(name, {})}
        for key, more in configured.items():
            if systems.is_pattern(key) and systems.matches(file, key):
                options.update(more)
        return options


def _wheel_games(wheel: Path, overrides: Mapping[str, str]) -> Iterator[_Found]:
    """Find the game that the stable-retro wheel brings along, and what its importer has put beside it."""
    for path in sorted(wheel.glob("data/stable/*/rom.*")):
        relative = PurePath(path.parent.name, path.name)
        if assignment := systems.assign(relative, "", overrides):
            title = title_of(_HUMP.sub(" ", path.parent.name.partition("-")[0]))  # SomeGame-Genesis-v0
            yield _Found(path=path, relative=relative, title=title, assignment=assignment)


def _read_aliases(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_ALIASES_BYTES).decode("utf-8", errors="replace")
    except FileNotFoundError:
        return {}
    except OSError as error:
        logger.warning("%s can't be read (%s), so titles come from file names.", path, error.strerror)
        return {}
    aliases, complaints = parse_aliases(text)
    for complaint in complaints:
        logger.warning("%s: %s.", path, complaint)
    return aliases
