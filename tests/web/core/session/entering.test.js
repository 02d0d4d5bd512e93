/** The ways in that are no click on a tile: links, and an arcade that lets nobody in for now. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { WELCOME, playing, setup } from "../../sessions.js";

test("a room is joined as soon as the coordinator says welcome", () => {
  const { sent, states, session, say } = setup();
  session.join("r9");
  say(WELCOME);
  assert.deepEqual(sent, [{ type: "join", room: "r9", offer: "offer", profile: "P", name: "Ada" }]);
  assert.deepEqual(states, ["library", "starting"]);
});

test("a link that is opened in mid-game leaves the game for its room; its own room's does nothing", () => {
  const { types, states, session } = playing();
  session.join("r1");
  assert.deepEqual(types(), []);
  session.join("r9");
  assert.deepEqual(types(), ["leave", "join"]);
  assert.deepEqual(states, ["library", "starting"]);
});

test("a link that is opened on a failure leads to its room, with a connection or as soon as there is one", () => {
  const { sent, states, session, signalling, say } = playing();
  say({ type: "ended", code: "closed", message: "Over." });
  session.join("r8");
  say({ type: "refused", code: "room_full", message: "Full." });
  signalling.lose();
  session.join("r9");
  signalling.find();
  assert.deepEqual(sent.map(({ room }) => room), ["r8", "r9"]);
  assert.equal(states.at(-1), "starting");
});

test("a link that is opened before the first welcome leads there after it", () => {
  const { sent, states, session, signalling, say } = setup();
  signalling.lose();
  signalling.connected = true; // the welcome is under way
  session.join("r9");
  assert.deepEqual(states, ["failed: unreachable", "connecting"]);
  say(WELCOME);
  assert.deepEqual(sent.map(({ room }) => room), ["r9"]);
});

test("whom the arcade turns away sees its words, and comes in when it may", () => {
  const { states, session, signalling, say } = setup();
  let said = null;
  const told = session.onstate;
  session.onstate = (state, failed) => { told(state, failed); said = failed?.text ?? said; };
  say({ type: "refused", code: "too_many_players", message: "It is full." });
  signalling.lose();
  say({ type: "refused", code: "too_many_players", message: "It is full." });
  assert.deepEqual(states, ["failed: turned_away"]);
  assert.equal(said, "It is full.");
  signalling.find();
  assert.equal(states.at(-1), "library");
});
