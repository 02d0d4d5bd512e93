import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as wire from "../../../../web/core/wire/messages.js";
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

const OPTIONAL = {
  welcome: ["ice_servers", "relay_only", "rooms", "regions"], started: ["region"], ice_servers: ["relay_only"], room_state: ["offers"], reconnect: ["ready"],
};

const builders = {
  start: ({ game, offer, ...options }) => wire.startMessage(game, offer, options),
  join: ({ room, offer, ...options }) => wire.joinMessage(room, offer, options),
  back: ({ room, token }) => wire.backMessage(room, token),
  measured: ({ delays }) => wire.measuredMessage(delays),
  take_seat: ({ seat }) => wire.takeSeatMessage(seat),
  give_seat: ({ member }) => wire.giveSeatMessage(member),
  remove: ({ member }) => wire.removeMessage(member),
  set_room: ({ type, ...changes }) => wire.setRoomMessage(changes),
  make_host: ({ member }) => wire.makeHostMessage(member),
  rename: ({ name }) => wire.renameMessage(name),
  candidate: ({ candidate }) => wire.candidateMessage(candidate),
  leave: () => wire.leaveMessage(),
};

for (const { name, union, json } of vectors.messages) {
  if (union === "player_message") test(`builds: ${name}`, () => assert.deepEqual(builders[json.type](json), json));
  if (union === "player_event") {
    test(`parses: ${name}`, () => assert.deepEqual(wire.parseEvent(JSON.stringify(json)), json));
    test(`refuses each missing or ill-typed field: ${name}`, () => {
      for (const field of Object.keys(json)) {
        for (const bad of [undefined, 7.5, { length: 1 }, [null]]) {
          const optional = OPTIONAL[json.type]?.includes(field) && bad === undefined;
          if (!optional) assert.equal(wire.parseEvent(JSON.stringify({ ...json, [field]: bad })), null, `${field}=${bad}`);
        }
      }
    });
  }
}

test("the requests to a room", () => {
  const requests = [
    [wire.pauseRequest(true), { type: "pause", paused: true }],
    [wire.resetRequest(), { type: "reset" }],
    [wire.speedRequest(4), { type: "speed", factor: 4 }],
    [wire.rewindRequest(false), { type: "rewind", on: false }],
    [wire.saveRequest(3), { type: "save", slot: 3 }],
    [wire.loadRequest(0), { type: "load", slot: 0 }],
    [wire.loadRequest(10, "v1"), { type: "load", slot: 10, version: "v1" }],
    [wire.listSavesRequest(), { type: "list_saves" }],
    [wire.deleteSaveRequest(2, "v1"), { type: "delete_save", slot: 2, version: "v1" }],
    [wire.exportRequest("battery"), { type: "export", what: "battery" }],
    [wire.exportRequest("state", 4), { type: "export", what: "state", slot: 4 }],
    [wire.importRequest("state", 9, "a.state"), { type: "import", what: "state", size: 9, name: "a.state" }],
  ];
  for (const [built, expected] of requests) assert.deepEqual(built, expected);
});

test("the end of the candidates is an empty candidate", () => {
  assert.deepEqual(wire.candidateMessage(null), { type: "candidate", candidate: { candidate: "" } });
});

test("fields that are not known are left out", () => {
  const text = '{"type":"library","games":[{"id":"1","title":"T","system":"S","__proto__":{"x":1},"more":2}],"later":true}';
  assert.deepEqual(wire.parseEvent(text), { type: "library", games: [{ id: "1", title: "T", system: "S" }] });
});

const SAVE = { slot: 0, version: "v1", time: 1_790_000_000, core: "FCEUmm 1.0", thumbnail: "data:image/png;base64,AAAA", conflict: false };

test("the notices of a room", () => {
  const notices = [
    { type: "playback", paused: true, by: "Ada", speed: 4, rewinding: false },
    { type: "saves", slots: [SAVE, { ...SAVE, slot: 10, thumbnail: "", conflict: true }], store: "" },
    { type: "done", request: "save", slot: 3, ok: true, message: "" },
    { type: "done", request: "list_saves", slot: null, ok: false, message: "The store is down." },
    { type: "file", name: "Duel.state", size: 20_000 },
    { type: "picture", width: 256, height: 240, aspect: 1.3333 },
    { type: "message", text: "Disk 2, please", seconds: 3.5 },
    { type: "rumble", strong: 65535, weak: 0 },
    { type: "controls", buttons: { 0: "Fire", 15: "Zoom" } },
    { type: "ended", code: "core_crashed", message: "The core crashed." },
    { type: "path_ends" },
  ];
  for (const notice of notices) assert.deepEqual(wire.parseNotice(JSON.stringify(notice)), notice);
});

test("notices of no sense are null", () => {
  const bad = [
    { type: "picture", width: 0, height: 240, aspect: 1 },
    { type: "picture", width: 256.5, height: 240, aspect: 1 },
    { type: "controls", buttons: { 16: "Nowhere" } },
    { type: "controls", buttons: ["Fire"] },
    { type: "rumble", strong: -1, weak: 0 },
    { type: "playback", paused: true, by: "", speed: 3, rewinding: false },
    { type: "saves", slots: [{ ...SAVE, slot: 11 }], store: "" },
    { type: "saves", slots: [{ ...SAVE, thumbnail: "https://elsewhere.example/x.png" }], store: "" },
    { type: "saves", slots: [{ ...SAVE, thumbnail: "data:image/svg+xml;base64,AAAA" }], store: "" },
    { type: "saves", slots: Array(300).fill(SAVE), store: "" },
    { type: "done", request: "save", slot: 3, ok: 1, message: "" },
    { type: "file", name: "x", size: 2 ** 40 }, { type: "file", name: "x", size: -1 },
    { type: "toString" }, { type: "__proto__" }, { type: ["ended"] }, {}, [], null, 3,
  ];
  for (const notice of bad) assert.equal(wire.parseNotice(JSON.stringify(notice)), null, JSON.stringify(notice));
});

test("a message that is too long, or no text, is null", () => {
  assert.equal(wire.parseNotice(JSON.stringify({ type: "path_ends", pad: "x".repeat(300_000) })), null);
  assert.equal(wire.parseEvent(JSON.stringify({ type: "library", games: [], pad: "x".repeat(33 << 20) })), null);
  for (const data of [new ArrayBuffer(8), undefined, null, 5]) assert.equal(wire.parseEvent(data), null);
});

test("the longest library that the coordinator tells of is read", () => {
  const strange = "\u0001".repeat(128); // six characters each, as JSON
  const games = Array.from({ length: 10_000 }, () => ({ id: strange, title: strange, system: strange }));
  assert.equal(wire.parseEvent(JSON.stringify({ type: "library", games })).games.length, 10_000);
});

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

test("no text makes a parser throw", () => {
  const roll = dice(2);
  const texts = vectors.messages.map(({ json }) => JSON.stringify(json));
  for (let round = 0; round < 3000; round++) {
    const letters = [...texts[roll(texts.length)]];
    for (let change = roll(4); change >= 0; change--) {
      letters.splice(roll(letters.length), roll(3), '{}[]",:0-e\\u'[roll(11)]);
    }
    for (const parse of [wire.parseEvent, wire.parseNotice]) {
      const message = parse(letters.join(""));
      assert.ok(message === null || typeof message.type === "string");
    }
  }
  assert.equal(wire.parseEvent("[".repeat(200_000)), null);
});
