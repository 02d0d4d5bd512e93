import assert from "node:assert/strict";
import { test } from "node:test";

import { SeatTokens } from "../../../../web/core/session/seat_token.js";

const SEAT_TOKEN = {
  room: "r1", token: "t1", game: { id: "g1", title: "Duel", system: "NES" },
  ice: { iceServers: [{ urls: ["turn:x"], username: "u", credential: "c" }], relayOnly: true },
};

function storage(text = null) {
  return { text, getItem() { return this.text; }, setItem(_, value) { this.text = value; }, removeItem() { this.text = null; } };
}

test("what is kept is read again, until it is dropped", () => {
  const kept = storage();
  new SeatTokens(kept).keep(SEAT_TOKEN);
  assert.deepEqual(new SeatTokens(kept).read(), SEAT_TOKEN);
  new SeatTokens(kept).drop();
  assert.equal(new SeatTokens(kept).read(), null);
});

test("what is no seatToken is none", () => {
  const bad = ["", "{", "null", "[]", "{}", ...Object.keys(SEAT_TOKEN).map((field) => JSON.stringify({ ...SEAT_TOKEN, [field]: 5 }))];
  for (const text of bad) assert.equal(new SeatTokens(storage(text)).read(), null, text);
});

test("without a storage, or with one that throws, nothing is kept", () => {
  const refuse = () => { throw new Error("no"); };
  for (const seatTokens of [new SeatTokens(null), new SeatTokens({ getItem: refuse, setItem: refuse, removeItem: refuse })]) {
    seatTokens.keep(SEAT_TOKEN);
    assert.equal(seatTokens.read(), null);
    seatTokens.drop();
  }
});
