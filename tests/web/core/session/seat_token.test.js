import assert from "node:assert/strict";
import { test } from "node:test";

import { Tickets } from "../../../../web/core/session/seat_token.js";

const TICKET = {
  room: "r1", token: "t1", game: { id: "g1", title: "Duel", system: "NES" },
  ice: { iceServers: [{ urls: ["turn:x"], username: "u", credential: "c" }], relayOnly: true },
};

function storage(text = null) {
  return { text, getItem() { return this.text; }, setItem(_, value) { this.text = value; }, removeItem() { this.text = null; } };
}

test("what is kept is read again, until it is dropped", () => {
  const kept = storage();
  new Tickets(kept).keep(TICKET);
  assert.deepEqual(new Tickets(kept).read(), TICKET);
  new Tickets(kept).drop();
  assert.equal(new Tickets(kept).read(), null);
});

test("what is no ticket is none", () => {
  const bad = ["", "{", "null", "[]", "{}", ...Object.keys(TICKET).map((field) => JSON.stringify({ ...TICKET, [field]: 5 }))];
  for (const text of bad) assert.equal(new Tickets(storage(text)).read(), null, text);
});

test("without a storage, or with one that throws, nothing is kept", () => {
  const refuse = () => { throw new Error("no"); };
  for (const tickets of [new Tickets(null), new Tickets({ getItem: refuse, setItem: refuse, removeItem: refuse })]) {
    tickets.keep(TICKET);
    assert.equal(tickets.read(), null);
    tickets.drop();
  }
});
