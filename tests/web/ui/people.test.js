import assert from "node:assert/strict";
import { test } from "node:test";

import { nameOf, news, places } from "../../../web/ui/people.js";

const member = (id, seat, here = true) => ({ id, name: `N${id}`, seat, here });
const room = (members, more = {}) => ({
  room: "r1", you: "m1", host: "m1", locked: false, listed: false, offers: [], members, ...more,
});
const texts = (actions) => actions.map(({ text }) => text);

test("four seats, each with who sits there, and who watches", () => {
  const { seats, watching } = places(room([member("m1", 0), member("m2", 2), member("m3", null)]));
  assert.deepEqual(seats.map(({ person }) => person?.id), ["m1", undefined, "m2", undefined]);
  assert.deepEqual(watching.map(({ person }) => person.id), ["m3"]);
});

test("somebody seated may get up, move, offer to swap and hand over; the host also sends away", () => {
  const { seats, watching } = places(room([member("m1", 0), member("m2", 1), member("m3", null)]));
  assert.deepEqual(seats.map(({ actions }) => texts(actions)),
    [["Get up"], ["Swap", "Make host", "Remove"], ["Move here"], ["Move here"]]);
  assert.deepEqual(texts(watching[0].actions), ["Give my seat", "Make host", "Remove"]);
  assert.deepEqual(seats[2].actions[0].message, { type: "take_seat", seat: 2 });
  assert.deepEqual(seats[0].actions[0].message, { type: "take_seat", seat: null });
  assert.deepEqual(watching[0].actions[0].message, { type: "give_seat", member: "m3" });
  assert.equal(seats[1].actions[2].confirm.length > 0, true);
});

test("who only watches and is no host may sit down, and nothing else", () => {
  const { seats, watching } = places(room([member("m1", null), member("m2", 1), member("m3", null)], { host: "m2" }));
  assert.deepEqual(seats.map(({ actions }) => texts(actions)), [["Sit here"], [], ["Sit here"], ["Sit here"]]);
  assert.deepEqual(watching.map(({ actions }) => texts(actions)), [[], []]);
});

test("an offered swap is taken back by the one, and carried out by the other", () => {
  const members = [member("m1", 0), member("m2", 1)];
  const [, theirs] = places(room(members, { offers: [["m1", "m2"]], host: "m2" })).seats;
  assert.deepEqual(theirs.actions.map(({ text, message }) => [text, message.member]), [["Take back", "m1"]]);
  const [mine] = places(room(members, { offers: [["m1", "m2"]], host: "m2", you: "m2" })).seats;
  assert.deepEqual(mine.actions[0].message, { type: "give_seat", member: "m1" });
  assert.equal(mine.actions[0].text, "Swap now");
});

test("whoever is away is offered nothing, and can be sent away", () => {
  const { seats } = places(room([member("m1", 0), member("m2", 1, false)]));
  assert.deepEqual(texts(seats[1].actions), ["Remove"]);
});

test("a state without ourselves offers nothing", () => {
  const { seats } = places(room([member("m2", 1)]));
  assert.deepEqual(seats.flatMap(({ actions }) => actions), []);
});

test("what changed is said, of ourselves only what may be somebody else's doing", () => {
  const before = room([member("m1", 0), member("m2", 1), member("m3", null, false)], { host: "m2" });
  const now = room([member("m1", null), member("m3", null), member("m4", 0)], { offers: [["m4", "m1"]] });
  assert.deepEqual(news(before, now), [
    "Nm3 is back.", "Nm4 came in.", "Nm2 left.", "You are watching now.", "You are the host now.", "Nm4 offers to swap seats: see People.",
  ]);
  assert.deepEqual(news(now, now), []);
  assert.deepEqual(news(null, now), []);
  assert.deepEqual([1, null].map((seat) => news(room([member("m2", seat)]), room([member("m2", seat, false)]))),
    [["Nm2 lost the connection. The seat is kept for a while."], ["Nm2 lost the connection."]]);
});

test("who is handed a seat hears of it", () => {
  const sits = (seat) => room([member("m1", seat)]);
  assert.deepEqual(news(sits(null), sits(1)), ["You play on seat 2 now."]);
  assert.deepEqual(news(sits(0), sits(1)), ["You play on seat 2 now."]);
});

test("whom the room calls by a seat has the name that all know", () => {
  const people = room([member("m1", 0), member("m2", 1)]);
  assert.equal(nameOf("Player 2", people), "Nm2");
  for (const called of ["Player 3", "Player 9", "", "Grace"]) assert.equal(nameOf(called, people), called);
  assert.equal(nameOf("Player 1", null), "Player 1");
});
