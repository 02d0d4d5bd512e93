import assert from "node:assert/strict";
import { test } from "node:test";

import { Keyboard } from "../../../../web/core/input/keyboard.js";
import { BUTTON } from "../../../../web/core/wire/input.js";
import { event } from "../../fakes.js";

const bit = (...names) => names.reduce((mask, name) => mask | (1 << BUTTON[name]), 0);

/** An element of which `closest` knows the given tag only. */
const within = (tag) => ({ closest: (selectors) => (selectors.split(", ").includes(tag) ? {} : null) });

function setup() {
  const target = new EventTarget();
  const page = Object.assign(new EventTarget(), { hidden: false });
  const keyboard = new Keyboard(target, page);
  const log = [];
  keyboard.onchange = (buttons) => log.push(buttons);
  keyboard.grab();
  const press = (type) => (code, fields = {}) => {
    const made = event(type, { code, repeat: false, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, target: null, ...fields });
    target.dispatchEvent(made);
    return made.defaultPrevented;
  };
  return { target, page, keyboard, log, down: press("keydown"), up: press("keyup") };
}

test("the default map", () => {
  const { log, down, up } = setup();
  const map = {
    ArrowUp: "UP", ArrowDown: "DOWN", ArrowLeft: "LEFT", ArrowRight: "RIGHT", KeyZ: "B", KeyX: "A", KeyA: "Y", KeyS: "X",
    KeyQ: "L", KeyW: "R", Enter: "START", ShiftLeft: "SELECT", ShiftRight: "SELECT",
  };
  for (const code of Object.keys(map)) {
    down(code);
    up(code);
  }
  assert.deepEqual(log, Object.values(map).flatMap((name) => [bit(name), 0]));
});

test("keys add up, and each goes alone", () => {
  const { log, down, up } = setup();
  down("KeyX");
  down("ArrowLeft");
  up("KeyX");
  assert.deepEqual(log, [bit("A"), bit("A", "LEFT"), bit("LEFT")]);
});

test("a button of two keys is held until both are up", () => {
  const { log, down, up } = setup();
  down("ShiftLeft");
  down("ShiftRight");
  up("ShiftLeft", { shiftKey: true });
  assert.equal(log.at(-1), bit("SELECT"));
  up("ShiftRight");
  assert.equal(log.at(-1), 0);
});

test("one keyup for two Shift keys lets both go, as Windows sends it", () => {
  const { log, down, up } = setup();
  down("ShiftLeft");
  down("ShiftRight");
  up("ShiftRight");
  assert.equal(log.at(-1), 0);
});

test("a mapped key is kept from the page, also when it repeats; another is not", () => {
  const { log, down } = setup();
  assert.equal(down("ArrowDown"), true);
  assert.equal(down("ArrowDown", { repeat: true }), true);
  assert.equal(down("F5"), false);
  assert.equal(log.length, 1);
});

test("shortcuts of the browser stay with the browser", () => {
  const { log, down } = setup();
  for (const field of ["ctrlKey", "metaKey", "altKey"]) assert.equal(down("KeyA", { [field]: true }), false);
  assert.deepEqual(log, []);
});

test("typing is not playing", () => {
  const { log, down } = setup();
  for (const tag of ["input", "textarea", "select", "dialog"]) assert.equal(down("KeyZ", { target: within(tag) }), false);
  assert.deepEqual(log, []);
});

test("on a focused button Enter presses it, and the rest plays", () => {
  const { log, down } = setup();
  assert.equal(down("Enter", { target: within("button") }), false);
  assert.equal(down("KeyZ", { target: within("button") }), true);
  assert.deepEqual(log, [bit("B")]);
});

test("a key that went down in the game comes up anywhere", () => {
  const { log, down, up } = setup();
  down("KeyZ");
  up("KeyZ", { target: within("input"), ctrlKey: true });
  assert.deepEqual(log, [bit("B"), 0]);
});

for (const type of ["blur", "pagehide"]) {
  test(`${type} lets every key go, once`, () => {
    const { target, log, down } = setup();
    down("KeyZ");
    target.dispatchEvent(event(type));
    target.dispatchEvent(event(type));
    assert.deepEqual(log, [bit("B"), 0]);
  });
}

test("hiding the page lets every key go; showing it does nothing", () => {
  const { page, log, down } = setup();
  down("KeyZ");
  page.dispatchEvent(event("visibilitychange"));
  assert.equal(log.length, 1);
  page.hidden = true;
  page.dispatchEvent(event("visibilitychange"));
  assert.deepEqual(log, [bit("B"), 0]);
});

test("a Meta key that comes up lets every key go, as macOS needs it", () => {
  const { log, down, up } = setup();
  down("KeyZ");
  up("MetaLeft");
  assert.deepEqual(log, [bit("B"), 0]);
});

test("after ungrab nothing is heard, and nothing is held at the next grab", () => {
  const { keyboard, log, down } = setup();
  down("KeyZ");
  keyboard.ungrab();
  assert.equal(down("KeyX"), false);
  keyboard.grab();
  down("KeyX");
  assert.deepEqual(log, [bit("B"), bit("A")]);
});
