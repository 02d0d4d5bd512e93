import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as wire from "../../../../web/core/wire/input.js";
import { dice } from "../../fakes.js";

const vectors = JSON.parse(readFileSync(new URL("../../../wire/vectors.json", import.meta.url)));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const bytes = (text) => new Uint8Array(Buffer.from(text, "hex"));

function encode(vector) {
  if (vector.pad) {
    const datagram = new wire.PadDatagram();
    datagram.sequence = vector.pad.sequence - vector.pad.states.length;
    for (const { buttons, axes } of [...vector.pad.states].reverse()) datagram.push(buttons, Int16Array.from(axes));
    return datagram.bytes;
  }
  const { keyboard, mouse, ping } = vector;
  if (keyboard) return wire.encodeKeyboard(keyboard.sequence, keyboard.modifiers, keyboard.keys);
  if (mouse) return wire.encodeMouse(mouse.sequence, mouse.buttons, mouse.x, mouse.y);
  return wire.encodePing(ping.sequence);
}

for (const vector of vectors.input) {
  if (!vector.applied) test(`encodes: ${vector.name}`, () => assert.equal(hex(encode(vector)), vector.hex));
  if (vector.pad) test(`reads: ${vector.name}`, () => assert.deepEqual(wire.parsePad(bytes(vector.hex)), vector.pad));
  if (vector.ping || vector.applied) {
    const { name, hex: text, ...reply } = vector;
    test(`reads: ${name}`, () => assert.deepEqual(wire.parseReply(bytes(text).buffer), reply));
  }
}

test("a pad datagram keeps the last four states, the newest first, in the same memory", () => {
  const datagram = new wire.PadDatagram();
  const axes = new Int16Array(6);
  for (let buttons = 1; buttons <= 6; buttons++) datagram.push(buttons, axes);
  const { sequence, states } = wire.parsePad(datagram.bytes);
  assert.equal(sequence, 6);
  assert.deepEqual(states.map((state) => state.buttons), [6, 5, 4, 3]);
  assert.equal(datagram.bytes, datagram.bytes);
});

test("numbers begin at 1 and go round", () => {
  const datagram = new wire.PadDatagram();
  datagram.push(0, new Int16Array(6));
  assert.equal(datagram.sequence, 1);
  datagram.sequence = 0xffffffff;
  datagram.push(0, new Int16Array(6));
  assert.equal(wire.parsePad(datagram.bytes).sequence, 0);
});

test("more keys than a datagram takes are left out", () => {
  const datagram = wire.encodeKeyboard(1, 0, Array.from({ length: 40 }, (_, index) => index));
  assert.equal(datagram[1], 32);
  assert.equal(datagram.length, 8 + 2 * 32);
});

test("no datagram makes a parser throw, and none but whole ones are read", () => {
  const roll = dice(1);
  for (let round = 0; round < 3000; round++) {
    const data = Uint8Array.from({ length: roll(80) }, () => roll(256));
    if (data.length && roll(2)) data[0] = [1, 2, 3, 9, 129][roll(5)];
    const reply = wire.parseReply(data);
    const pad = wire.parsePad(data);
    if (reply) assert.ok((data[0] === 9 && data.length === 8) || (data[0] === 129 && data.length === 12));
    if (pad) assert.equal(data.length, 8 + 14 * pad.states.length);
  }
  for (const data of ["text", null, undefined, 4, {}]) assert.equal(wire.parseReply(data), null);
});
