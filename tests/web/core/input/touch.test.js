import assert from "node:assert/strict";
import { test } from "node:test";

import { TouchPad, direction } from "../../../../web/core/input/touch.js";
import { BUTTON } from "../../../../web/core/wire/input.js";
import { event } from "../../fakes.js";

const bit = (...names) => names.reduce((mask, name) => mask | (1 << BUTTON[name]), 0);

/** A key of the page at (x, y), of size 40. */
function key(dataset, x, y, size = 40) {
  const held = new Set();
  return {
    dataset, held,
    classList: { toggle: (name, on) => (on ? held.add(name) : held.delete(name)) },
    getBoundingClientRect: () => ({ left: x, top: y, right: x + size, bottom: y + size, width: size, height: size }),
  };
}

function setup() {
  const dpad = key({ dpad: "" }, 0, 0, 100);
  const arrow = key({ direction: String(BUTTON.RIGHT) }, 60, 30);
  const keys = [key({ button: String(BUTTON.B) }, 200, 50), key({ button: String(BUTTON.A) }, 300, 50), key({ button: "9" }, 200, 50, 0)];
  const element = Object.assign(new EventTarget(), {
    querySelector: () => dpad,
    querySelectorAll: (selector) => (selector === "[data-button]" ? keys : [...keys, arrow]),
  });
  const pad = new TouchPad(element);
  const log = [];
  pad.onchange = (buttons) => log.push(buttons);
  pad.grab();
  const point = (type, pointerId, clientX, clientY) => element.dispatchEvent(event(type, { pointerId, clientX, clientY }));
  return { pad, element, keys, arrow, log, point };
}

test("the pad is there while somebody plays on it", () => {
  const { pad, element } = setup();
  assert.equal(element.hidden, false);
  pad.ungrab();
  assert.equal(element.hidden, true);
});

test("eight directions and a dead middle", () => {
  const turn = (eighth) => direction(Math.cos((eighth * Math.PI) / 4), Math.sin((eighth * Math.PI) / 4));
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7].map(turn), [
    bit("RIGHT"), bit("RIGHT", "DOWN"), bit("DOWN"), bit("DOWN", "LEFT"), bit("LEFT"), bit("LEFT", "UP"), bit("UP"), bit("UP", "RIGHT"),
  ]);
  assert.equal(direction(0.1, -0.1), 0);
});

test("a thumb slides over the direction pad, and stays on it when it leaves it", () => {
  const { log, point } = setup();
  point("pointerdown", 1, 90, 50);
  point("pointermove", 1, 50, 95);
  point("pointermove", 1, 220, 60);
  point("pointerup", 1, 220, 60);
  assert.deepEqual(log, [bit("RIGHT"), bit("DOWN"), bit("RIGHT"), 0]);
});

test("two thumbs press at once, and one slides between buttons", () => {
  const { log, point } = setup();
  point("pointerdown", 1, 90, 50);
  point("pointerdown", 2, 220, 70);
  point("pointermove", 2, 320, 70);
  point("pointercancel", 2, 320, 70);
  assert.deepEqual(log, [bit("RIGHT"), bit("RIGHT", "B"), bit("RIGHT", "A"), bit("RIGHT")]);
});

test("a movement that changes nothing, or of a finger that never went down, tells nothing", () => {
  const { log, point } = setup();
  point("pointermove", 5, 220, 70);
  point("pointerdown", 1, 220, 70);
  point("pointermove", 1, 221, 71);
  assert.deepEqual(log, [bit("B")]);
});

test("a hidden button can't be pressed", () => {
  const { keys, log, point } = setup();
  keys.splice(0, 2);
  point("pointerdown", 1, 205, 52);
  assert.deepEqual(log, []);
});

test("what is held looks so, until ungrab", () => {
  const { pad, keys, arrow, point } = setup();
  point("pointerdown", 1, 90, 50);
  point("pointerdown", 2, 220, 70);
  assert.deepEqual([arrow.held.has("held"), keys[0].held.has("held"), keys[1].held.has("held")], [true, true, false]);
  pad.ungrab();
  assert.deepEqual([arrow.held.has("held"), keys[0].held.has("held")], [false, false]);
});
