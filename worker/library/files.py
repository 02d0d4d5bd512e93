"""The files of a games folder, and the hashes of their content. What a file means is decided in ``library.py``."""

import codecs
import hashlib
import logging
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

from worker.runtime.errors import WorkerError

logger = logging.getLogger(__name__)

MAX_FILES = 100_000
"""Per games folder: more is a whole disk that was named by mistake."""

MAX_DEPTH = 8
"""Folders within folders, for the same reason."""

MAX_GAME_BYTES = 4 << 30
"""No system in the table has larger media; hashing it takes seconds."""

_CHUNK = 1 << 20
_TEXT_SAMPLE = 4096
_ID_DIGITS = 16
"""64 bits of SHA-256: two of a million games share an id once in 10**7 libraries."""


class ScanStoppedError(WorkerError):
    """The scan was told to stop before it was done."""

    code = "scan_stopped"


def files_in(root: Path) -> Iterator[Path]:
    """List the regular files below a folder, in a stable order.

    Hidden names are skipped. Links are followed, but no folder is entered twice, so a link to a parent ends there.
    """
    seen: set[tuple[int, int]] = set()
    count = 0
    for folder, folders, names in os.walk(root, followlinks=True):
        here = Path(folder)
        if not _enter(here, seen):
            folders.clear()
            continue
        if len(here.relative_to(root).parts) >= MAX_DEPTH:
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.startswith("."):
                continue
            count += 1
            if count > MAX_FILES:
                logger.warning("%s holds more than %d files; the rest are left out.", root, MAX_FILES)
                return
            yield here / name


def is_text(path: Path) -> bool:
    """Tell whether the file begins like text; an unreadable one does not."""
    try:
        with path.open("rb") as file:
            start = file.read(_TEXT_SAMPLE)
    except OSError:
        return False
    if b"\0" in start:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)  # the sample may end within a character
    except UnicodeDecodeError:
        return False
    return True


def _enter(folder: Path, seen: set[tuple[int, int]]) -> bool:
    try:
        status = folder.stat()
    except OSError:
        return False
    key = (status.st_dev, status.st_ino)
    if key in seen:
        return False
    seen.add(key)
    return True


class Fingerprints:
    """Content hashes of files, remembered as long as size and time of the file stay the same.

    ``stop`` may be set by another thread: hashing then raises ScanStoppedError.
    """

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()
        self._known: dict[Path, tuple[int, int, str]] = {}

    def of(self, path: Path) -> str | None:
        """Hash the content: the first 16 hexadecimal digits of its SHA-256, or None for what is no game file.

        Raises OSError for a file that can't be read, ScanStoppedError.
        """
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_GAME_BYTES:
            return None
        known = self._known.get(path)
        if known and known[:2] == (status.st_size, status.st_mtime_ns):
            return known[2]
        digest = self._hash(path)
        self._known[path] = (status.st_size, status.st_mtime_ns, digest)
        return digest

    def forget_others(self, kept: set[Path]) -> None:
        """Forget all files but these."""
        self._known = {path: known for path, known in self._known.items() if path in kept}

    def _hash(self, path: Path) -> str:
        sha256 = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                if self._stop.is_set():
                    raise ScanStoppedError("the scan was told to stop")
                sha256.update(chunk)
        return sha256.hexdigest()[:_ID_DIGITS]
