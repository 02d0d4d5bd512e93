"""``coinop doctor``: what it finds, how it says so, and its exit code."""

import asyncio
import json
from pathlib import Path

import pytest

from coinop import doctor, settings
from coinop.machine import Finding
from coinop.settings import ConfigurationError
from worker.library.cores import SUFFIX

OK = Finding("Cores", "nestopia", "ok", "/cores/nestopia")
NOTE = Finding("Ports", "8000", "note", "in use", "Choose another.")
MISSING = Finding("Games", "A Long Title", "missing", "NES, no core", "Install one.")


@pytest.fixture(autouse=True)
def only_these_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No cores and games but those that the test puts there."""
    for name in ("games", "cores"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(f"COINOP_WORKER_{name.upper()}", json.dumps([str(tmp_path / name)]))
    monkeypatch.setenv("COINOP_WORKER_STANDARD_CORES", "false")
    monkeypatch.setenv("COINOP_WORKER_WHEEL_GAMES", "false")


async def examine(capsys: pytest.CaptureFixture[str], config: doctor.Config) -> tuple[int, dict[str, dict[str, str]]]:
    """Run the doctor: its exit code, and its findings by their names."""
    code = await doctor.serve(config.model_copy(update={"as_json": True}), asyncio.Event())
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is (code == 0)
    return code, {finding["name"]: finding for finding in report["findings"]}


async def test_a_game_with_its_core_is_fine(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "cores" / f"fceumm{SUFFIX}").touch()
    (tmp_path / "games" / "Some Game.nes").write_bytes(b"NES\x1a")
    code, found = await examine(capsys, doctor.Config())
    assert code == 0
    assert (found["fceumm"]["area"], found["fceumm"]["detail"]) == (
        "Cores",
        str(tmp_path / "cores" / f"fceumm{SUFFIX}"),
    )
    assert (found["Some Game"]["state"], found["Some Game"]["detail"]) == ("ok", f"NES, runs in fceumm{SUFFIX}")
    assert {"H.264", "VP8", "Opus", "8000", "8001", "3478"} <= found.keys()


async def test_a_game_without_a_core_is_missing_one_and_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "cores" / f"mgba{SUFFIX}").touch()
    (tmp_path / "games" / "Some Game.nes").write_bytes(b"NES\x1a")
    code, found = await examine(capsys, doctor.Config())
    assert code == 1
    assert found["Some Game"]["state"] == "missing"
    assert "pip install" in found["Some Game"]["remedy"]


async def test_nothing_at_all_is_two_things_missing(capsys: pytest.CaptureFixture[str]) -> None:
    code, found = await examine(capsys, doctor.Config())
    assert code == 1
    assert found["none"]["state"] == "missing"


async def test_a_folder_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    code, found = await examine(capsys, doctor.Config(games=(absent,), cores=(absent,)))
    assert code == 1
    assert found[str(absent)]["state"] == "missing"


async def test_wrong_settings_of_the_worker_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COINOP_WORKER_CAPACITY", "many")
    with pytest.raises(ConfigurationError, match="coinop doctor: --capacity or COINOP_WORKER_CAPACITY is 'many'"):
        await doctor.serve(doctor.Config(), asyncio.Event())


def test_json_is_an_option() -> None:
    assert settings.read(doctor.Config, "coinop doctor", ["--json"]).as_json


def test_text_is_aligned_and_puts_the_remedy_below() -> None:
    assert doctor.to_text([OK, NOTE, MISSING]).splitlines() == [
        "Cores",
        "  ok       nestopia      /cores/nestopia",
        "",
        "Ports",
        "  note     8000          in use",
        "           Choose another.",
        "",
        "Games",
        "  missing  A Long Title  NES, no core",
        "           Install one.",
        "",
        "1 missing: see above what to do.",
    ]


def test_a_note_alone_is_no_failure() -> None:
    assert not doctor.is_missing([OK, NOTE])
    assert doctor.to_text([OK, NOTE]).endswith("All is there.")
    assert doctor.is_missing([OK, NOTE, MISSING])
