"""Profile s3: saves in a real S3 server, where its image is."""

import json

import pytest
import yaml
from playwright.async_api import Browser

from coinop.secrets import READ_BY
from tests.containers.arcade import Arcade
from tests.containers.engine import ROOT, Engine
from tests.e2e.conftest import GAME
from tests.e2e.players.player import LEAVE, choose_players, play, shows
from tests.e2e.test_saves import press, quick_save

pytestmark = pytest.mark.asyncio

STORE: str = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["store"]["image"]


async def test_saves_are_in_the_store_and_outlive_the_stack(built: Engine, browser: Browser) -> None:
    if not built.has(STORE):
        pytest.skip(f"the image {STORE} is not here, and tests pull nothing")
    arcade = Arcade(built, COMPOSE_PROFILES="s3", COINOP_WORKER_STORE="s3://saves")
    context = await browser.new_context()
    page = await context.new_page()
    try:
        await arcade.up()
        await play(page, arcade, GAME, relay="1")
        await choose_players(page, "two")
        await quick_save(page)
        await page.evaluate(LEAVE)
        (store,) = arcade.containers("store")
        assert "/saves/saves/" in arcade.engine.exec(store, "find", "/data/saves", "-type", "f").stdout
        assert arcade.secrets_of(store).keys() == {name.lower() for name in READ_BY["store"]}
        secrets = arcade.secrets()
        shown = json.dumps(arcade.engine.inspect(*arcade.containers()))
        said = "".join(map(arcade.engine.logs, arcade.containers()))
        assert [name for name, value in secrets.items() if value in shown or value in said] == []

        arcade.down()
        await arcade.up()
        await play(page, arcade, GAME, relay="1")
        await shows(page, "one")
        await press(page, "F4")
        await shows(page, "two")
        await page.evaluate(LEAVE)
    finally:
        await context.close()
        arcade.down("--volumes")
