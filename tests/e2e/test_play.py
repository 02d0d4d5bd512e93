"""A person plays: picture, sound and pad, in both codecs, alone and with somebody else."""

import pytest
from playwright.async_api import Browser, Page, expect

from tests.e2e.arcade.stack import Stack, until
from tests.e2e.conftest import GAME, SCREENSHOTS
from tests.e2e.players.player import (
    LISTEN,
    WATCH,
    choose,
    dark,
    failure,
    go,
    lit,
    play,
    press_bar,
    state,
    video_stats,
    visit,
)

TONE = 440.4
"""Hz, while Select is held on the title screen."""

BLUE_PIXELS = """() => {
  const screen = document.getElementById("screen");
  const context = new OffscreenCanvas(screen.videoWidth, screen.videoHeight).getContext("2d");
  context.drawImage(screen, 0, 0);
  const { data } = context.getImageData(0, 0, screen.videoWidth, screen.videoHeight);
  let count = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 2] > 150 && data[i] < 90 && data[i + 1] < 90) count++;
  return count;
}"""

SHARE = """() => new Promise((resolve) => {
  navigator.clipboard.writeText = async (text) => resolve(text);
  document.getElementById("share").click();
})"""


SILENCED = """
const play = HTMLMediaElement.prototype.play;
HTMLMediaElement.prototype.play = async function () {
  if (this.id === "speaker" && window.event?.target.id !== "sound") {
    this.pause();
    throw new DOMException("a click first", "NotAllowedError");
  }
  return play.call(this);
};
"""


@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_keys_play_the_game(page: Page, arcade: Stack, codec: str) -> None:
    await play(page, arcade, GAME, codec=codec)
    for key in ("x", "z", "a", "s", "ArrowLeft"):
        await page.keyboard.down(key)
        if key in ("x", "z", "ArrowLeft"):
            await until(lambda: lit(page), f"the lamp is lit by {key}")
        await page.keyboard.up(key)
        await until(lambda: dark(page), f"the lamp is dark after {key}")
    await page.screenshot(path=SCREENSHOTS / f"title-{codec}.png")
    await page.keyboard.press("Enter")
    await page.screenshot(path=SCREENSHOTS / f"playing-{codec}.png")


async def test_a_mega_drive_game_shows_its_title(page: Page, arcade: Stack) -> None:
    await play(page, arcade, "Airstriker")

    async def blue() -> bool:
        return bool(await page.evaluate(BLUE_PIXELS) > 300)

    await until(blue, "the title's blue letters")
    await page.screenshot(path=SCREENSHOTS / "airstriker.png")


@pytest.mark.alone
@pytest.mark.parametrize("codec", ["h264", "vp8"])
async def test_twenty_seconds_of_fluent_picture_from_one_key_frame(page: Page, arcade: Stack, codec: str) -> None:
    await play(page, arcade, GAME, codec=codec)
    before = await video_stats(page)
    await page.evaluate(WATCH, 20)
    after = await video_stats(page)
    seconds = (after["timestamp"] - before["timestamp"]) / 1000
    assert (after["framesDecoded"] - before["framesDecoded"]) / seconds >= 59
    assert after["freezeCount"] == 0
    assert after["keyFramesDecoded"] == 1
    assert after["packetsLost"] == 0


async def test_the_tone_is_heard_at_its_pitch_and_silence_is_silent(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await page.keyboard.down("Shift")
    tone = await page.evaluate(LISTEN, 1.5)
    await page.keyboard.up("Shift")
    assert abs(tone["pitch"] - TONE) < 6
    assert tone["decibels"] > -60


async def test_a_browser_that_wants_a_click_before_it_lets_sound_out_is_given_one(page: Page, arcade: Stack) -> None:
    await page.add_init_script(SILENCED)
    await play(page, arcade, GAME)
    button = page.get_by_role("button", name="Turn the sound on")
    await expect(button).to_be_visible()
    assert await page.evaluate("document.getElementById('speaker').paused")
    await button.click()
    await expect(page.locator("#sound")).to_be_hidden()
    assert not await page.evaluate("document.getElementById('speaker').paused")


async def test_a_link_that_the_browser_does_not_copy_can_be_read(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); }")
    await press_bar(page, "#share")
    await expect(page.locator("#toast")).to_contain_text(f"{arcade.url}#room=")


async def test_sound_has_its_own_stream_and_the_low_latency_extension_is_agreed_on(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    answer: str = await page.evaluate("testPeer.remoteDescription.sdp")
    streams = [line.split()[0] for line in answer.splitlines() if line.startswith("a=msid:")]
    assert len(set(streams)) == 2
    assert "playout-delay" in answer


async def test_what_a_press_took_is_shown_in_the_overlay(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    await page.keyboard.press("Backquote")
    await page.keyboard.down("x")
    await until(lambda: lit(page), "the lamp is lit")
    await page.keyboard.up("x")
    figures = await until(lambda: page.evaluate("coinop.stats()?.photonMs && coinop.stats()"), "a photon estimate")
    assert 0 < figures["photonMs"] < 1000
    assert figures["codec"] == "H264"
    await until(lambda: page.locator("#stats").is_visible(), "the overlay")
    shown = await page.inner_text("#stats")
    for words in ("Input to photon", "Round trip", "Frames", "Bit rate", "Jitter buffer", "Decoding", "Path"):
        assert words in shown
    await page.screenshot(path=SCREENSHOTS / "overlay.png")


async def test_leaving_frees_the_seat_and_shows_the_library(page: Page, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    assert arcade.status()["rooms"] == 1
    await page.click("#leave")
    await state(page, "library")
    await until(arcade.idle, "the room is closed")
    await choose(page, GAME)
    await state(page, "playing")


async def test_a_browser_that_vanishes_frees_the_seat(browser: Browser, arcade: Stack) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await play(page, arcade, GAME)
    await context.close()
    await until(arcade.idle, "the room is closed")


async def test_two_people_share_a_room(page: Page, browser: Browser, arcade: Stack) -> None:
    await play(page, arcade, GAME)
    room = await page.evaluate(SHARE)
    context = await browser.new_context()
    friend = await context.new_page()
    await friend.goto(room)
    await state(friend, "playing")
    assert "2" in await friend.inner_text("#seat")
    await friend.keyboard.down("x")
    await until(lambda: lit(page), "the friend's button is seen by the first player")
    await until(lambda: lit(friend), "and by the friend")
    await go(context)
    await until(lambda: dark(page), "what the friend held is let go of")


async def test_who_cannot_decode_the_room_is_told_so(page: Page, browser: Browser, arcade: Stack) -> None:
    await play(page, arcade, GAME, codec="h264")
    room = await page.evaluate(SHARE)
    context = await browser.new_context()
    friend = await context.new_page()
    await friend.goto(room.replace("/?", "/?codec=vp8&").replace("/#", "/?codec=vp8#"))
    assert "H264" in await failure(friend)
    await go(context)


async def test_a_room_that_is_gone_says_so(page: Page, arcade: Stack) -> None:
    await visit(page, arcade, room="no-such-room")
    assert "room" in (await failure(page)).lower()


@pytest.mark.parametrize("size", [(1366, 768), (390, 844), (844, 390)])
async def test_nothing_sticks_out_of_the_page(browser: Browser, arcade: Stack, size: tuple[int, int]) -> None:
    phone = size[0] < 1000
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, has_touch=phone, is_mobile=phone
    )
    page = await context.new_page()
    outside = "document.documentElement.scrollWidth - innerWidth"
    await visit(page, arcade)
    await page.screenshot(path=SCREENSHOTS / f"library-{size[0]}x{size[1]}.png")
    assert await page.evaluate(outside) <= 0
    await choose(page, GAME)
    await state(page, "playing")
    await page.screenshot(path=SCREENSHOTS / f"game-{size[0]}x{size[1]}.png")
    assert await page.evaluate(outside) <= 0
    await go(context)
