import assert from "node:assert/strict";
import { test } from "node:test";

import * as wire from "../../../../web/core/wire/room.js";
import { dice } from "../../fakes.js";

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

const SAVE = { slot: 0, version: "v1", time: 1_790_000_000, core: "FCEUmm 1.0", thumbnail: "data:image/png;base64,AAAA", conflict: false };

const NOTICES = [
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

test("the notices of a room", () => {
  for (const notice of NOTICES) assert.deepEqual(wire.parseNotice(JSON.stringify(notice)), notice);
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

test("a notice that is too long, or no text, is null", () => {
  assert.equal(wire.parseNotice(JSON.stringify({ type: "path_ends", pad: "x".repeat(300_000) })), null);
  for (const data of [new ArrayBuffer(8), undefined, null, 5]) assert.equal(wire.parseNotice(data), null);
});

test("no text makes the parser of notices throw", () => {
  const roll = dice(3);
  const texts = NOTICES.map((notice) => JSON.stringify(notice));
  for (let round = 0; round < 3000; round++) {
    const letters = [...texts[roll(texts.length)]];
    for (let change = roll(4); change >= 0; change--) {
      letters.splice(roll(letters.length), roll(3), '{}[]",:0-e\\u'[roll(11)]);
    }
    const message = wire.parseNotice(letters.join(""));
    assert.ok(message === null || typeof message.type === "string");
  }
  assert.equal(wire.parseNotice("[".repeat(200_000)), null);
});
