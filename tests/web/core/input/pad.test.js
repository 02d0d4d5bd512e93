import assert from "node:assert/strict";
import { test } from "node:test";

import { Pad } from "../../../../web/core/input/pad.js";
import { parsePad } from "../../../../web/core/wire/input.js";
import { Clock } from "../../fakes.js";

function setup() {
  const clock = new Clock();
  const sent = [];
  const pad = new Pad((bytes) => sent.push({ at: clock.time, ...parsePad(bytes) }), clock);
  const [one, other] = [pad.share(), pad.share()];
  pad.grab();
  clock.advance(1000);
  sent.length = 0;
  return { clock, sent, pad, one, other };
}

test("a change is sent before update returns", () => {
  const { sent, one } = setup();
  one.update(1, 5);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].states[0].buttons, 1);
});

test("what the devices hold adds up", () => {
  const { sent, one, other } = setup();
  one.update(0b0011, 1);
  other.update(0b0110, 2);
  one.update(0, 3);
  assert.deepEqual(sent.map((datagram) => datagram.states[0].buttons), [0b0011, 0b0111, 0b0110]);
});

test("the stick that is pushed further counts", () => {
  const { sent, one, other } = setup();
  one.update(0, 1, Int16Array.of(100, 0, 0, 0, 0, 0));
  other.update(0, 2, Int16Array.of(-200, 7, 0, 0, 0, 0));
  assert.deepEqual(sent.at(-1).states[0].axes, [-200, 7, 0, 0, 0, 0]);
});

test("what changes nothing sends nothing", () => {
  const { sent, one, other } = setup();
  one.update(1, 1);
  one.update(1, 2);
  other.update(1, 3);
  assert.equal(sent.length, 1);
});

test("a datagram holds the states before, the newest first", () => {
  const { sent, one } = setup();
  for (const buttons of [1, 3, 2]) one.update(buttons, 0);
  assert.deepEqual(sent.at(-1).states.map((state) => state.buttons), [2, 3, 1, 0]);
});

test("a change is repeated thrice within 50 ms, then slowly: faster while something is held", () => {
  const { clock, sent, one } = setup();
  one.update(1, 0);
  clock.advance(500);
  const times = sent.map((datagram) => datagram.at - 1000);
  assert.deepEqual(times, [0, 8, 24, 48, 148, 248, 348, 448]);
  assert.ok(sent.every((datagram) => datagram.sequence === sent[0].sequence));
  sent.length = 0;
  one.update(0, 0);
  clock.advance(600);
  assert.deepEqual(sent.map((datagram) => datagram.at - 1500), [0, 8, 24, 48, 298, 548]);
});

test("onsent gives the number and the time of the event", () => {
  const { sent, pad, one } = setup();
  const told = [];
  pad.onsent = (sequence, time) => told.push([sequence, time]);
  one.update(1, 12.5);
  assert.deepEqual(told, [[sent[0].sequence, 12.5]]);
});

test("release lets everything go", () => {
  const { sent, pad, one, other } = setup();
  one.update(1, 0, Int16Array.of(9, 9, 9, 9, 9, 9));
  other.update(2, 0);
  pad.release(1);
  assert.deepEqual(sent.at(-1).states[0], { buttons: 0, axes: [0, 0, 0, 0, 0, 0] });
});

test("it begins anew with nothing held and nothing told of before, and the numbers go on", () => {
  const { clock, sent, pad, one } = setup();
  one.update(1, 0);
  pad.ungrab();
  one.update(3, 0);
  clock.advance(1000);
  assert.equal(sent.length, 1);
  pad.grab();
  assert.equal(sent.at(-1).sequence, 3);
  assert.deepEqual(sent.at(-1).states.map((state) => state.buttons), [0]);
});

test("a connection that opens before anybody plays gets number 1 first", () => {
  const { sent, pad, one } = setup();
  one.update(1, 0);
  pad.ungrab();
  pad.renew(40);
  pad.grab();
  assert.deepEqual([sent.at(-1).sequence, ...sent.at(-1).states.map((state) => state.buttons)], [1, 0]);
});

test("for a new connection in mid-game the numbers begin again, and what is held stays held", () => {
  const { sent, pad, one } = setup();
  one.update(1, 0);
  pad.renew(50);
  assert.deepEqual([sent.at(-1).sequence, ...sent.at(-1).states.map((state) => state.buttons)], [2, 1, 0]);
  pad.ungrab();
  const before = sent.length;
  pad.renew(60);
  assert.equal(sent.length, before);
});
