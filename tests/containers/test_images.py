"""The images: who runs in them, what is in them and what is not."""

import errno
import os
import subprocess

import pytest

from tests.containers.arcade import VERSION, image
from tests.containers.engine import TARGETS, Engine
from worker import sandbox

READ_ONLY = f"{os.strerror(errno.EROFS)}\n"
HARDENED = ("--rm", "--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges")


def sh(engine: Engine, target: str, script: str) -> str:
    """Run a script in a container of the image, as hardened as in the stack, and give its output."""
    return engine.run("run", *HARDENED, "--network=none", "--entrypoint=/bin/sh", image(target), "-c", script)


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_says_what_it_is(built: Engine, target: str) -> None:
    shown = built.inspect(image(target))[0]
    config = {"Healthcheck": shown.get("Healthcheck"), **shown["Config"]}  # podman shows it beside the rest
    labels = {name.rpartition(".")[2]: value for name, value in config["Labels"].items()}
    assert labels["title"] == f"coinop-{target}"
    assert (labels["version"], labels["revision"]) == (VERSION, "0123456789abcdef")
    assert config["User"] == "10001:10001"
    assert config["Entrypoint"] == ["/usr/bin/tini", "--", "coinop"]
    assert config["Cmd"] == [target]
    assert config["Healthcheck"]["Test"][:2] == ["CMD", "coinop"]


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_is_in_it_that_only_builds(built: Engine, target: str) -> None:
    found = sh(built, target, "command -v cc gcc make pip pip3 git; ls -A /root /var/lib/apt/lists /var/cache; true")
    names = {line for line in found.split() if not line.endswith(":")}
    assert names <= {".bashrc", ".profile"}


@pytest.mark.parametrize("target", TARGETS)
def test_what_it_holds_was_locked(built: Engine, target: str) -> None:
    listed = sh(built, target, "cd /opt/coinop/lib/python3.*/site-packages && ls -d *.dist-info")
    assert f"coinop-{VERSION}.dist-info" in listed
    has = {name for name in ("av", "numba", "kubernetes") if f"\n{name}-" in f"\n{listed}"}
    assert has <= {"coordinator": {"kubernetes"}, "worker": {"av", "kubernetes"}, "turn": {"numba"}}[target]


@pytest.mark.parametrize("target", TARGETS)
def test_its_program_starts_as_nobody_on_a_read_only_system(built: Engine, target: str) -> None:
    assert built.run("run", *HARDENED, "--network=none", image(target), "--version") == f"coinop {VERSION}\n"
    assert sh(built, target, f"id -u; touch /opt/coinop/x 2>&1 | tail -c {len(READ_ONLY)}") == f"10001\n{READ_ONLY}"


def test_the_gateway_starts_without_making_machine_code(built: Engine) -> None:
    script = """
from turn.datapath import event_loop, forward
event_loop.new_event_loop().close()
print(*(sum(counts.values()) for counts in (forward.serve.stats.cache_hits, forward.serve.stats.cache_misses)))
"""
    assert sh(built, "turn", f"/opt/coinop/bin/python -c '{script}'") == "1 0\n"


def test_the_worker_has_cores_a_game_and_a_sandbox(built: Engine) -> None:
    said = built.run("run", *HARDENED, "--network=none", image("worker"), "doctor", "--as-json")
    assert '"Comet Hares"' in said
    for core in ("gambatte", "mgba", "nestopia", "mednafen_pce_fast", "desmume"):
        assert f'"{core}"' in said
    script = "from worker import sandbox; print(sandbox.missing())"
    assert sh(built, "worker", f"/opt/coinop/bin/python -c '{script}'") == f"{sandbox.missing()}\n"


def test_a_probe_of_nothing_fails(built: Engine) -> None:
    for target, probe in (("coordinator", ["probe"]), ("worker", ["probe"]), ("turn", ["turn", "probe"])):
        with pytest.raises(AssertionError, match=r"no answer|can't be reached|does not answer"):
            built.run("run", *HARDENED, "--network=none", image(target), *probe)


def test_a_mistake_is_one_sentence_and_its_exit_code_comes_out(built: Engine) -> None:
    ended = subprocess.run(
        [built.program, "run", "--rm", "--network=none", image("worker")],
        capture_output=True,
        text=True,
        env=built.environment,
        check=False,
    )
    assert ended.returncode == 2
    assert "COINOP_WORKER_TOKEN is missing" in ended.stderr
