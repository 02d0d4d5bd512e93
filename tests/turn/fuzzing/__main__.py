"""Coverage-guided fuzzing of the gateway's parsers: ``python -m tests.turn.fuzzing NAME [libFuzzer options]``.

NAME is one of the modules beside this one, each of which has a function ``one_input``. It needs atheris, which
nothing else does: ``pip install atheris``. Ten minutes of each: ``-max_total_time=600``. What it finds becomes a file
in ``tests/turn/fuzzing/found/NAME/``, which ``test_targets.py`` goes through ever after.
"""

import sys
from importlib import import_module

NAMES = ("stun", "channel", "relay", "dtls", "file", "credentials", "control", "forward")
COMPILED = [
    "turn.datapath.jit",
    "turn.datapath.flow_table",
    "turn.datapath.forward",
    "turn.datapath.linux",
    "turn.datapath.gso",
    "turn.datapath.memory",
]
"""What is not Python when it runs: the compiler would not know what the fuzzer puts in."""

if __name__ == "__main__":
    import atheris

    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in NAMES:
        sys.exit(f"usage: python -m tests.turn.fuzzing {'|'.join(NAMES)} [-max_total_time=SECONDS] [CORPUS]")
    with atheris.instrument_imports(include=["turn", "tomllib", "yarl"], exclude=COMPILED):
        target = import_module(f"tests.turn.fuzzing.{name}")
    atheris.Setup([sys.argv[0], *sys.argv[1:]], target.one_input)
    atheris.Fuzz()
