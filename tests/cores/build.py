"""Compiles the test cores: C files here, each with ``base.c``, which has every entry point that a core leaves out."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SOURCES = Path(__file__).parent
ALONE = frozenset({"not_a_core"})


def build(name: str, into: Path, *, define: str = "") -> Path:
    """Compile core ``name`` into a folder and return the library. ``define`` is a macro such as ``VERSION=1``."""
    compiler = os.environ.get("CC") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("the test cores need a C compiler: install one (apt install gcc libc6-dev), or set CC")
    library = library_path(name, into, define)
    unfinished = library.with_suffix(f".{os.getpid()}")
    sources = [SOURCES / f"{name}.c", *([] if name in ALONE else [SOURCES / "base.c"])]
    flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-shared", "-fPIC"]
    macro = [f"-D{define}"] if define else []
    command = [*compiler.split(), *flags, *macro, "-o", str(unfinished), *map(str, sources), "-lm"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"the test core {name} does not compile: {result.stderr}")
    unfinished.rename(library)  # at once, for another process may look for it
    return library


def library_path(name: str, into: Path, define: str = "") -> Path:
    """Return the path where ``build`` puts the library."""
    return into / f"{name}{define.replace('=', '_').lower()}_libretro.so"


@dataclass(frozen=True)
class Builder:
    """Compiles each core once into a folder."""

    into: Path

    def __call__(self, name: str, *, define: str = "") -> Path:
        library = library_path(name, self.into, define)
        return library if library.exists() else build(name, self.into, define=define)
