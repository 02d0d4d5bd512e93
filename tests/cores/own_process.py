"""Runs a test in a process of its own, because a core has global state and may take its process with it.

The processes are forked from a server that has done the imports, so each costs some milliseconds only.
"""

import functools
import importlib
import multiprocessing
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["pytest", "hypothesis", "worker.libretro.core"])


class ProcessDiedError(Exception):
    """The process ended without a result; ``signal`` is what killed it."""

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.signal = signal.Signals(-exit_code) if exit_code < 0 else None

    def __str__(self) -> str:
        return f"the process died: {self.signal.name if self.signal else 'it exited'}"


def run_in_own_process(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a function of a module in a new process; return or raise what it does. Raises ProcessDiedError too."""
    ours, theirs = _context.Pipe(duplex=False)
    child = _context.Process(
        target=_serve, args=(theirs, function.__module__, function.__qualname__, args, kwargs), daemon=True
    )
    child.start()
    theirs.close()
    try:
        result, error = ours.recv()
    except EOFError:
        child.join()
        raise ProcessDiedError(child.exitcode or 0) from None
    finally:
        ours.close()
        child.kill()
        child.join()
        child.close()
    if error is not None:
        raise error
    return result


def in_own_process(test: Callable[..., None]) -> Callable[..., None]:
    """Decorate a test to run in its own process. Its fixtures are sent over, so they must be picklable."""

    @functools.wraps(test)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        run_in_own_process(wrapper, *args, **kwargs)

    return wrapper


def _serve(answers: Connection, module: str, name: str, args: Any, kwargs: Any) -> None:
    try:
        function = functools.reduce(getattr, name.split("."), importlib.import_module(module))
        answers.send((getattr(function, "__wrapped__", function)(*args, **kwargs), None))
    except BaseException as error:
        error.add_note(traceback.format_exc())
        answers.send((None, error))
