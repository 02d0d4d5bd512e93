"""Secrets that are missing are made; those that are there stay; none is shown."""

import asyncio
import json
import stat
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from coinop import cli, secrets, settings
from coinop.secrets import READ_BY, SHARED, Config, fill, hand_out
from coinop.settings import ConfigT
from turn.config import Config as TurnConfig
from worker.config import Config as WorkerConfig

STORE = "http://store:7070"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SHARED, settings.SECRETS_FOLDER):
        monkeypatch.delenv(name, raising=False)


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_each_shared_secret_gets_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "secrets"
    made = fill(folder)
    found = files(folder)
    assert sorted(found) == sorted(made) == ["coinop_admin_token", "coinop_turn_secret", "coinop_worker_token"]
    assert len(set(found.values())) == len(found)
    assert all(len(value) >= 32 for value in found.values())
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o440}


def test_what_is_there_stays(tmp_path: Path) -> None:
    (tmp_path / "coinop_turn_secret").write_text("the operator's own secret")
    assert fill(tmp_path) == ["coinop_worker_token", "coinop_admin_token"]
    before = files(tmp_path)
    assert before["coinop_turn_secret"] == "the operator's own secret"
    assert fill(tmp_path) == []
    assert files(tmp_path) == before


def test_of_several_at_once_one_makes_each(tmp_path: Path) -> None:
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.extend(fill(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == sorted(files(tmp_path))


def test_an_own_store_gets_keys_that_its_workers_have_too(tmp_path: Path) -> None:
    fill(tmp_path, STORE)
    found = files(tmp_path)
    assert json.loads(found["coinop_worker_store_options"]) == {
        "endpoint": STORE,
        "region": "us-east-1",
        "access_key_id": found["store_access_key"],
        "secret_access_key": found["store_secret_key"],
    }


def test_the_store_s_keys_may_be_the_operator_s(tmp_path: Path) -> None:
    (tmp_path / "store_access_key").write_text("mine\n")
    fill(tmp_path, STORE)
    assert json.loads((tmp_path / "coinop_worker_store_options").read_text())["access_key_id"] == "mine"


@pytest.mark.parametrize("url", ["store", "ftp://store", "http://", "http://u:p@store", "http://[", "http://store:x"])
def test_what_is_no_store_is_one_sentence(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="must be a URL such as"):
        Config(folder=tmp_path, store=url)


async def test_names_are_said_and_no_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = Config(folder=tmp_path, store=STORE)
    assert await secrets.serve(config, asyncio.Event()) == 0
    said = capsys.readouterr()
    assert "made coinop_worker_token, coinop_turn_secret, coinop_admin_token" in said.out
    assert await secrets.serve(config, asyncio.Event()) == 0
    again = capsys.readouterr()
    assert again.out == f"{tmp_path}: all are there\n"
    assert not [value for value in files(tmp_path).values() if value in said.out + said.err + again.out]


async def test_a_folder_that_can_t_be_written_to_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert await secrets.serve(Config(folder=tmp_path / "file"), asyncio.Event()) == 1
    assert "name a folder that this user may write to" in capsys.readouterr().err


def test_each_program_gets_copies_of_its_own_and_no_other_s(tmp_path: Path) -> None:
    folder, copies = tmp_path / "all", tmp_path / "copies"
    fill(folder, STORE)
    hand_out(folder, copies)
    found = files(folder)
    assert {path.name for path in copies.iterdir()} == set(READ_BY)
    for program, names in READ_BY.items():
        assert files(copies / program) == {name.lower(): found[name.lower()] for name in names}
        assert {stat.S_IMODE(path.stat().st_mode) for path in (copies / program).iterdir()} == {0o440}
    assert {name.lower() for names in READ_BY.values() for name in names} == set(found)


def test_copies_follow_a_secret_that_was_replaced(tmp_path: Path) -> None:
    folder, copies = tmp_path / "all", tmp_path / "copies"
    fill(folder)
    hand_out(folder, copies)
    before = files(copies / "turn")
    (folder / "coinop_turn_secret").unlink()
    assert fill(folder) == ["coinop_turn_secret"]
    hand_out(folder, copies)
    assert before != files(copies / "turn") == {"coinop_turn_secret": (folder / "coinop_turn_secret").read_text()}
    assert files(copies / "store") == {}, "there is no own store"


def test_copies_want_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="--copies goes with --folder"):
        Config(kubernetes="coinop", copies=tmp_path)


@pytest.mark.parametrize("copied", [False, True], ids=["one folder", "a folder each"])
def test_every_program_reads_what_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copied: bool) -> None:
    fill(tmp_path, STORE)
    found = files(tmp_path)
    if copied:
        hand_out(tmp_path, tmp_path / "copies")

    def read(config: type[ConfigT], program: str) -> ConfigT:
        monkeypatch.setenv(settings.SECRETS_FOLDER, str(tmp_path / "copies" / program if copied else tmp_path))
        return settings.read(config, f"coinop {program}")

    coordinator = read(cli.config_class("coordinator"), "coordinator")
    worker = read(WorkerConfig, "worker")
    turn = read(TurnConfig, "turn")
    assert getattr(coordinator, "worker_token").get_secret_value() == found["coinop_worker_token"]  # noqa: B009
    assert getattr(coordinator, "admin_token").get_secret_value() == found["coinop_admin_token"]  # noqa: B009
    assert worker.token.get_secret_value() == found["coinop_worker_token"]
    assert worker.store_options["secret_access_key"].get_secret_value() == found["store_secret_key"]
    assert turn.secrets == (found["coinop_turn_secret"],)
