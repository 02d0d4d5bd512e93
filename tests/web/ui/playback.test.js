import assert from "node:assert/strict";
import { test } from "node:test";

import { PlaybackControls, stateWords } from "../../../web/ui/playback.js";
import { event } from "../fakes.js";

const RUNS = { paused: false, by: "Ada", speed: 1, rewinding: false };

for (const [change, words] of [
  [{}, ""],
  [{ paused: true }, "Paused by Ada"],
  [{ paused: true, by: "" }, "Paused"],
  [{ speed: 4 }, "4× speed by Ada"],
  [{ rewinding: true, paused: true }, "Rewinding by Ada"],
]) {
  test(`how the game runs, in words: ${words || "nothing"}`, () => assert.equal(stateWords({ ...RUNS, ...change }), words));
}

/** An element that hears events and takes what is set on it; this is all that the strip's buttons need of one. */
class FakeElement extends EventTarget {
  constructor() {
    super();
    this.dataset = {};
    this.attributes = {};
    this.textContent = "words";
  }

  getAttribute(name) { return this.attributes[name] ?? null; }

  setAttribute(name, value) { this.attributes[name] = value; }
}

/** Keys go to the window, which node has none of. */
function setup() {
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  const names = ["strip", "badge", "rewind", "pause", "fast", "factor", "reset", "resetLabel", "save", "load"];
  const elements = Object.fromEntries(names.map((name) => [name, new FakeElement()]));
  const playback = new PlaybackControls(elements);
  const asked = [];
  playback.onrequest = (request) => asked.push(request);
  const key = (type, code, more = {}) => {
    const made = event(type, { code, repeat: false, ...more, target: more.target ?? {} });
    page.dispatchEvent(made);
    return made;
  };
  return { page, elements, playback, asked, key };
}

test("keys: pause, rewind and fast-forward while held, quick save and load", () => {
  const { playback, asked, key } = setup();
  playback.grab();
  for (const code of ["KeyP", "KeyR", "Space", "F2", "F4"]) {
    assert.equal(key("keydown", code).defaultPrevented, true);
    key("keydown", code, { repeat: true });
    key("keyup", code);
  }
  assert.deepEqual(asked, [
    { type: "pause", paused: true },
    { type: "rewind", on: true }, { type: "rewind", on: false },
    { type: "speed", factor: 4 }, { type: "speed", factor: 1 },
    { type: "save", slot: 0 }, { type: "load", slot: 0 },
  ]);
});

test("a letter in a field is a letter, Space on a button presses it, and with Ctrl a key is the browser's", () => {
  const { playback, asked, key } = setup();
  playback.grab();
  const field = { closest: (selector) => selector.includes("input") };
  const button = { closest: (selector) => selector.startsWith("button") };
  key("keydown", "KeyP", { target: field });
  key("keydown", "Space", { target: button });
  key("keydown", "KeyR", { ctrlKey: true });
  assert.deepEqual(asked, []);
});

test("what is held is let go of with the focus, and when we get up", () => {
  const { page, playback, asked, key } = setup();
  playback.grab();
  key("keydown", "KeyR");
  page.dispatchEvent(event("blur"));
  key("keydown", "Space");
  playback.ungrab();
  key("keydown", "KeyP");
  assert.deepEqual(asked.map(({ on, factor }) => on ?? factor), [true, false, 4, 1]);
});

test("buttons: pause turns round, speed goes round, rewind works while held, reset wants two presses", () => {
  const { playback, elements, asked } = setup();
  playback.grab();
  const press = (name, type = "click", more = {}) => elements[name].dispatchEvent(event(type, more));
  playback.show({ ...RUNS, paused: true, speed: 4 });
  press("pause");
  press("fast");
  press("rewind", "pointerdown");
  press("rewind", "pointerup");
  press("rewind", "pointerleave");
  press("rewind", "keydown", { key: " ", repeat: false });
  press("rewind", "keyup");
  press("reset");
  assert.equal(elements.resetLabel.textContent, "Really?");
  press("reset");
  press("save");
  press("load");
  assert.deepEqual(asked, [
    { type: "pause", paused: false }, { type: "speed", factor: 1 },
    { type: "rewind", on: true }, { type: "rewind", on: false }, { type: "rewind", on: true }, { type: "rewind", on: false },
    { type: "reset" }, { type: "save", slot: 0 }, { type: "load", slot: 0 },
  ]);
});

test("the state is on the buttons", () => {
  const { playback, elements } = setup();
  playback.show({ ...RUNS, paused: true, speed: 2 });
  assert.equal(elements.badge.textContent, "Paused by Ada");
  assert.equal(elements.pause.attributes["aria-pressed"], "true");
  assert.equal(elements.pause.attributes["aria-label"], "Go on");
  assert.equal(elements.factor.textContent, "2×");
  playback.show(null);
  assert.equal(elements.badge.textContent, "");
});
