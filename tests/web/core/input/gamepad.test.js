import assert from "node:assert/strict";
import { test } from "node:test";

import { Gamepads } from "../../../../web/core/input/gamepad.js";
import { BUTTON } from "../../../../web/core/wire/input.js";
import { event } from "../../fakes.js";

const bit = (...names) => names.reduce((mask, name) => mask | (1 << BUTTON[name]), 0);

function gamepad(pressed = [], axes = [0, 0, 0, 0]) {
  const buttons = Array.from({ length: 17 }, (_, index) => ({ pressed: pressed.includes(index), value: pressed.includes(index) ? 1 : 0 }));
  return { connected: true, buttons, axes };
}

function setup(...pads) {
  const target = new EventTarget();
  const frames = [];
  const environment = {
    requestAnimationFrame: (act) => frames.push(act),
    cancelAnimationFrame: () => { frames.length = 0; },
    now: () => 1,
  };
  const gamepads = new Gamepads(target, { getGamepads: () => pads }, environment);
  const log = [];
  gamepads.onchange = (buttons, _, axes) => log.push({ buttons, axes: [...axes] });
  gamepads.grab();
  return { target, pads, gamepads, frames, log, frame: () => frames.shift()() };
}

test("without a pad there is no polling", () => {
  const { frames, log } = setup(null, null);
  assert.equal(frames.length, 0);
  assert.equal(log.length, 0);
});

test("a pad that is plugged in is polled until it goes, which lets its buttons go", () => {
  const { target, pads, frames, log, frame } = setup(null);
  pads[0] = gamepad([0]);
  target.dispatchEvent(event("gamepadconnected"));
  assert.equal(frames.length, 1);
  pads[0] = null;
  frame();
  assert.equal(frames.length, 0);
  assert.deepEqual(log.map(({ buttons }) => buttons), [bit("B"), 0]);
});

test("buttons go by position", () => {
  const names = ["B", "A", "Y", "X", "L", "R", "L2", "R2", "SELECT", "START", "L3", "R3", "UP", "DOWN", "LEFT", "RIGHT"];
  names.forEach((name, index) => assert.equal(setup(gamepad([index])).log[0].buttons, bit(name), name));
});

test("sticks and triggers are axes of 16 bits, with a dead zone", () => {
  const { log } = setup(gamepad([6], [0.1, 0.4, -1, 1.5]));
  assert.deepEqual(log[0].axes, [0, Math.round(0.4 * 32767), -32767, 32767, 32767, 0]);
});

test("the left stick also presses the direction pad", () => {
  assert.equal(setup(gamepad([], [-0.8, 0.9, 0, 0])).log[0].buttons, bit("LEFT", "DOWN"));
});

test("several pads act as one", () => {
  assert.equal(setup(gamepad([0]), null, gamepad([9])).log[0].buttons, bit("B", "START"));
});

test("a pad with fewer buttons and axes than the standard is read as far as it goes", () => {
  const { log } = setup({ connected: true, buttons: [{ pressed: true, value: 1 }], axes: [] });
  assert.deepEqual(log[0], { buttons: bit("B"), axes: [0, 0, 0, 0, 0, 0] });
});

test("rumble shakes pads that can, with strengths from 0 to 1", async () => {
  const played = [];
  const actuator = { playEffect: (type, effect) => { played.push([type, effect]); return Promise.reject(new Error("no motor")); } };
  const { gamepads } = setup({ ...gamepad(), vibrationActuator: actuator }, gamepad());
  gamepads.rumble(65535, 0);
  await null;
  assert.equal(played[0][0], "dual-rumble");
  assert.equal(played[0][1].strongMagnitude, 1);
  assert.equal(played[0][1].weakMagnitude, 0);
});

test("ungrab stops the polling", () => {
  const { gamepads, frames } = setup(gamepad());
  gamepads.ungrab();
  assert.equal(frames.length, 0);
});
