import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as wire from "../../../../web/core/wire/coordinator.js";
import { dice } from "../../fakes.js";

const vectors = JSON.parse(readFileSync(new URL("../../../wire/vectors.json", import.meta.url)));
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

test("the end of the candidates is an empty candidate", () => {
  assert.deepEqual(wire.candidateMessage(null), { type: "candidate", candidate: { candidate: "" } });
});

test("fields that are not known are left out", () => {
  const text = '{"type":"library","games":[{"id":"1","title":"T","system":"S","__proto__":{"x":1},"more":2}],"later":true}';
  assert.deepEqual(wire.parseEvent(text), { type: "library", games: [{ id: "1", title: "T", system: "S" }] });
});

test("a message that is too long, or no text, is null", () => {
  assert.equal(wire.parseEvent(JSON.stringify({ type: "library", games: [], pad: "x".repeat(33 << 20) })), null);
  for (const data of [new ArrayBuffer(8), undefined, null, 5]) assert.equal(wire.parseEvent(data), null);
});

test("the longest library that the coordinator tells of is read", () => {
  const strange = "\u0001".repeat(128); // six characters each, as JSON
  const games = Array.from({ length: 10_000 }, () => ({ id: strange, title: strange, system: strange }));
  assert.equal(wire.parseEvent(JSON.stringify({ type: "library", games })).games.length, 10_000);
});

test("no text makes a parser throw", () => {
  const roll = dice(2);
  const texts = vectors.messages.map(({ json }) => JSON.stringify(json));
  for (let round = 0; round < 3000; round++) {
    const letters = [...texts[roll(texts.length)]];
    for (let change = roll(4); change >= 0; change--) {
      letters.splice(roll(letters.length), roll(3), '{}[]",:0-e\\u'[roll(11)]);
    }
    const message = wire.parseEvent(letters.join(""));
    assert.ok(message === null || typeof message.type === "string");
  }
  assert.equal(wire.parseEvent("[".repeat(200_000)), null);
});
