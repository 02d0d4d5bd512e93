"""What a player does on the page and sees there."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import BrowserContext, Error, Page

from tests.e2e.arcade.stack import PATIENCE, Stack, until

LEAVE = "document.getElementById('leave')?.click()"

WATCH = """(seconds) => new Promise((resolve) => {
  const screen = document.getElementById("screen");
  const times = [];
  const end = performance.now() + 1000 * seconds;
  const frame = (now) => {
    times.push(now);
    if (now < end) screen.requestVideoFrameCallback(frame);
    else resolve(times);
  };
  screen.requestVideoFrameCallback(frame);
})"""

BRIGHTNESS = """([x, y, width, height]) => {
  const screen = document.getElementById("screen");
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  // Cores crop what a television would hide, the same on either side.
  const left = (256 - screen.videoWidth) / 2, top = (240 - screen.videoHeight) / 2;
  context.drawImage(screen, x - left, y - top, width, height, 0, 0, width, height);
  const { data } = context.getImageData(0, 0, width, height);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) sum += data[i] + data[i + 1] + data[i + 2];
  return sum / (data.length / 4) / 3;
}"""

LISTEN = """async (seconds) => {
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(document.getElementById("speaker").srcObject).connect(analyser);
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  const step = context.sampleRate / analyser.fftSize;
  await context.close();
  let loudest = 1;
  for (let i = 2; i < bins.length; i++) if (bins[i] > bins[loudest]) loudest = i;
  return { pitch: loudest * step, decibels: bins[loudest] };
}"""

RTP_STATS = """async () => {
  const inbound = [...(await window.testPeer.getStats()).values()];
  return inbound.find((report) => report.type === "inbound-rtp" && report.kind === "video");
}"""

CATCH_PEER = """
const Original = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Original {
  constructor(...given) { super(...given); (window.testPeers ??= []).push(this); }
  createDataChannel(...given) {
    const channel = super.createDataChannel(...given);
    (window.testChannels ??= []).push(channel);
    return channel;
  }
};
Object.defineProperty(window, "testPeer", {
  get: () => window.testPeers.find((peer) => peer.connectionState === "connected"),
});
"""


async def visit(page: Page, stack: Stack, **query: str) -> None:
    """Open the page; its library is shown."""
    await page.add_init_script(CATCH_PEER)
    await page.goto(stack.url + ("?" + urlencode(query) if query else ""))
    if "room" not in query:
        await state(page, "library")


async def state(page: Page, name: str, seconds: float = PATIENCE) -> None:
    """Wait for the page's state."""
    await page.wait_for_selector(f'html[data-state="{name}"]', timeout=1000 * seconds, state="attached")


async def choose(page: Page, title: str) -> None:
    """Click the game's tile."""
    await page.get_by_role("button", name=title).first.click()


async def play(page: Page, stack: Stack, title: str, **query: str) -> None:
    """Open the page, choose the game, see its picture."""
    await visit(page, stack, **query)
    await choose(page, title)
    await state(page, "playing")


async def go(context: BrowserContext) -> None:
    """Leave the room and close the window, which alone leaves a room behind that waits for its player."""
    for page in context.pages:
        with suppress(Error):  # the page is gone, or shows something else
            await page.evaluate(LEAVE)
    await context.close()


async def press_bar(page: Page, selector: str) -> None:
    """Click a button of the bar or the strip, which come when the mouse moves."""
    for x in (600, 602):
        await page.mouse.move(x, 300)
    await page.click(selector)


async def failure(page: Page, seconds: float = PATIENCE) -> str:
    """Wait for the page's words on what went wrong."""
    await state(page, "failed", seconds)
    return await page.inner_text("#failure")


async def brightness(page: Page, box: tuple[int, int, int, int]) -> float:
    """Measure the mean brightness, 0 to 255, of a box (x, y, width, height) of a 256x240 picture."""
    value: float = await page.evaluate(BRIGHTNESS, list(box))
    return value


async def video_stats(page: Page) -> dict[str, Any]:
    """Read the browser's ``inbound-rtp`` figures of the picture."""
    report: dict[str, Any] = await page.evaluate(RTP_STATS)
    return report


# ----- the title screen of the home-made game (games/README.md), as a state that a player can change and see

LAMP = (20, 20, 24, 24)
"""Inside the lamp, which is white while a button of pad 1 or 2 is held."""
_CHOICES = {"one": (80, 128, 8, 8), "two": (80, 144, 8, 8)}
"""Where the arrow is, for one player or for two."""


async def lit(page: Page) -> bool:
    """Whether the lamp is on."""
    return await brightness(page, LAMP) > 200


async def dark(page: Page) -> bool:
    """Whether the lamp is off."""
    return await brightness(page, LAMP) < 50


async def chosen(page: Page) -> str:
    """Read what the arrow of the title screen stands at: "one" or "two" players, or nothing."""
    found = [name for name, box in _CHOICES.items() if await brightness(page, box) > 60]
    return found[0] if len(found) == 1 else ""


async def choose_players(page: Page, count: str) -> None:
    """Move the arrow of the title screen, and see it there."""
    key = {"one": "ArrowUp", "two": "ArrowDown"}[count]
    await page.keyboard.down(key)
    await shows(page, count)
    await page.keyboard.up(key)


async def shows(page: Page, count: str) -> None:
    """Wait until the arrow stands at this choice."""

    async def there() -> bool:
        return await chosen(page) == count

    await until(there, f"the arrow stands at {count}")


# ----- when frames were shown

FRAME_TIMES = """
addEventListener("DOMContentLoaded", () => {
  const screen = document.getElementById("screen");
  const times = window.frameTimes = [];
  const firsts = window.firstTimes = [];
  let stream = null;
  const shown = (_, { rtpTimestamp }) => {
    times.push(Date.now());
    if (rtpTimestamp !== undefined && screen.srcObject !== stream) {
      stream = screen.srcObject;
      firsts.push(Date.now());
    }
    screen.requestVideoFrameCallback(shown);
  };
  screen.requestVideoFrameCallback(shown);
});
"""
"""An init script: the times of all frames that the page has shown, and of the first of each connection, in ms of the
machine's clock. The black of a track that nothing has come on yet has no RTP timestamp and is no first frame."""

LATE_PICTURE = """
const ask = HTMLVideoElement.prototype.requestVideoFrameCallback;
HTMLVideoElement.prototype.requestVideoFrameCallback = function (shown) {
  return ask.call(this, (...told) => setTimeout(shown, 500, ...told));
};
"""
"""An init script: the page learns of a frame half a second late, as if it were slow; its channels are open by then."""

LONGEST_GAP = """(since) => {
  const times = window.frameTimes.filter((time) => time >= since - 100);
  let longest = 0;
  for (let i = 1; i < times.length; i++) longest = Math.max(longest, times[i] - times[i - 1]);
  return longest;
}"""


async def first_frame(page: Page, since: float) -> float:
    """Seconds from ``since`` (of time.time) to the first frame of a new connection, however short the picture stood."""

    async def found() -> float | None:
        times = [time / 1000 for time in await page.evaluate("window.firstTimes ?? []")]
        return next((time for time in times if time >= since), None)

    shown: float = await until(found, "a new frame")
    return shown - since
