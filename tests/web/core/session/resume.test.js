import assert from "node:assert/strict";
import { test } from "node:test";

import { FakePeer, GATEWAYS, PEOPLE, RECONNECT, STARTED, SEAT_TOKEN, WELCOME, playing, setup } from "../../sessions.js";

for (const [name, happen] of [
  ["nothing is heard of the room", ({ session }) => session.broken()],
  ["ICE gives up", ({ peers }) => peers[0].onstate("failed")],
  ["the room goes without a word", ({ peers, clock }) => { peers[0].onclosed(); clock.advance(1500); }],
  ["the room goes on elsewhere", ({ say }) => say(RECONNECT)],
  ["the room ends, but goes on elsewhere", ({ peers, say }) => {
    peers[0].onnotice({ type: "ended", code: "core_crashed", message: "Crashed." });
    say(RECONNECT);
  }],
]) {
  test(`a new connection to the same seat, without a click: ${name}`, () => {
    const made = playing();
    happen(made);
    assert.deepEqual(made.states, ["resuming"]);
    assert.deepEqual(made.peers.map((peer) => peer.closed), [true, false]);
    assert.deepEqual(made.sent, [{ type: "join", room: "r1", offer: "offer", token: "t1", profile: "P", name: "Ada" }]);
    made.say({ ...STARTED, token: "t2" });
    made.peers[1].onstate("connected");
    made.session.pictureShown();
    assert.deepEqual(made.states, ["resuming", "playing"]);
    assert.equal(made.seatTokens.kept.token, "t2");
    made.clock.advance(60_000);
    assert.equal(made.peers.length, 2);
  });
}

test("tries again until it works, with longer and longer waits, and never two at once", () => {
  const { session, clock, peers, open, say, states, types } = playing();
  session.broken();
  for (let second = 0; second < 60; second++) {
    clock.advance(1000);
    assert.ok(open().length <= 1);
  }
  assert.ok(types().filter((type) => type === "join").length >= 5);
  assert.ok(peers.length < 15);
  assert.deepEqual(states, ["resuming"]);
  clock.advance(4000);
  say(STARTED);
  open()[0].onstate("connected");
  session.pictureShown();
  assert.deepEqual(states, ["resuming", "playing"]);
});

for (const [name, happen] of [
  ["no connection", ({ say, clock }) => { say(STARTED); clock.advance(5000); }],
  ["ICE fails", ({ say, peers }) => { say(STARTED); peers[1].onstate("failed"); }],
  ["no picture", ({ say, peers, clock }) => { say(STARTED); peers[1].onstate("connected"); clock.advance(4000); }],
  ["an arcade that is full just now", ({ say }) => say({ type: "refused", code: "too_many_players", message: "Full." })],
  ["no place just now", ({ say }) => say({ type: "refused", code: "no_seats", message: "Full." })],
]) {
  test(`while resuming: ${name}, and the next attempt is made`, () => {
    const made = playing();
    made.session.broken();
    happen(made);
    made.clock.advance(300);
    assert.deepEqual(made.peers.map((peer) => peer.closed), [true, true, false]);
    assert.deepEqual(made.types(), ["join", "join"]);
    assert.equal(made.signalling.renewed, 0);
  });
}

test("while resuming: no answer, so the socket is not trusted any more", () => {
  const { session, signalling, clock } = playing();
  session.broken();
  clock.advance(8000);
  assert.equal(signalling.renewed, 1);
});

test("while resuming: the room is gone, which is said in the coordinator's words", () => {
  const { session, say, states, seatTokens, sent, clock } = playing();
  session.broken();
  say({ type: "refused", code: "unknown_room", message: "This room is closed." });
  assert.deepEqual(states, ["resuming", "failed: gone"]);
  assert.equal(seatTokens.kept, null);
  clock.advance(60_000);
  assert.equal(sent.length, 1);
});

test("while resuming: leaving ends the attempts", () => {
  const { session, clock, states, types, open } = playing();
  session.broken();
  session.leave();
  clock.advance(60_000);
  assert.deepEqual(states, ["resuming", "library"]);
  assert.deepEqual(types(), ["join", "leave"]);
  assert.equal(open().length, 1); // the one that is ready for the next click
});

test("while resuming: without the server it waits for it, and asks once", () => {
  const { session, signalling, types, clock } = playing();
  signalling.lose();
  session.broken();
  clock.advance(2000);
  signalling.find();
  assert.deepEqual(types(), ["join"]);
});

test("while resuming: a question that went down with its socket is asked again", () => {
  const { session, signalling, sent, peers } = playing();
  session.broken();
  signalling.lose();
  signalling.find();
  assert.deepEqual(sent.map((message) => message.type), ["join", "join"]);
  assert.equal(peers.length, 2);
});

test("a room without a place: the page waits for the word", () => {
  const { say, types, states, why, clock, open } = playing();
  say({ ...RECONNECT, ready: false, message: "It waits for a place." });
  clock.advance(30_000);
  assert.deepEqual(types(), []);
  assert.deepEqual(why, ["It waits for a place."]);
  assert.equal(open().length, 0);
  say(RECONNECT);
  assert.deepEqual(types(), ["join"]);
  assert.deepEqual(states, ["resuming"]);
});

test("a word to reconnect that crossed our own question starts no second one", () => {
  const { session, say, types, peers } = playing();
  session.broken();
  say(RECONNECT);
  assert.deepEqual(types(), ["join"]);
  assert.equal(peers.length, 2);
});

test("a room that waits for a place while the server restarts", () => {
  const { say, types, signalling } = playing();
  say({ ...RECONNECT, ready: false });
  signalling.lose();
  signalling.find();
  say(PEOPLE);
  assert.deepEqual(types(), ["back", "join"]);
});

test("a reload in mid-game goes back to the seat: the offer is made before the server's first word", () => {
  const { session, peers, sent, states, signalling, say } = setup({ seatToken: SEAT_TOKEN });
  signalling.connected = false;
  assert.equal(session.resume(), true);
  assert.equal(peers.length, 1);
  assert.deepEqual(peers[0].ice, SEAT_TOKEN.ice);
  signalling.find();
  assert.deepEqual(sent, [{ type: "join", room: "r1", offer: "offer", token: "t1", profile: "P", name: "Ada" }]);
  say(STARTED);
  peers[0].onstate("connected");
  session.pictureShown();
  assert.deepEqual(states, ["resuming", "playing"]);
  assert.equal(session.room.seat, 0);
});

test("an offer that comes after the server's first word is sent once", async () => {
  const { session, peers, types, signalling } = setup({
    seatToken: SEAT_TOKEN, make: (ice) => Object.assign(new FakePeer(ice), { offer: null }),
  });
  signalling.connected = false;
  session.resume();
  signalling.find();
  peers[0].offer = "late";
  await new Promise(setImmediate);
  assert.deepEqual(types(), ["join"]);
});

test("a reload when the room is gone: its words, and the game can be started anew", () => {
  const { session, sent, states, say } = setup({ seatToken: SEAT_TOKEN });
  session.resume();
  say(WELCOME);
  say({ type: "refused", code: "unknown_room", message: "This room is closed." });
  assert.equal(states.at(-1), "failed: gone");
  session.retry();
  assert.equal(sent.at(-1).type, "start");
  assert.equal(sent.at(-1).game, "g1");
});

test("without a kept seat nothing is resumed", () => {
  const { session, states } = setup();
  assert.equal(session.resume(), false);
  assert.deepEqual(states, []);
});

test("the kept way back has the newest gateways, and leaving drops it", () => {
  const { session, say, seatTokens } = playing();
  assert.deepEqual(seatTokens.kept, SEAT_TOKEN);
  say(GATEWAYS);
  assert.deepEqual(seatTokens.kept.ice, { iceServers: GATEWAYS.ice_servers, relayOnly: true });
  session.leave();
  assert.equal(seatTokens.kept, null);
});

test("when the server is back it hears that we still play, and again until it knows the room", () => {
  const { signalling, say, sent, states, clock } = playing();
  signalling.lose();
  signalling.find();
  assert.deepEqual(sent, [{ type: "back", room: "r1", token: "t1" }]);
  say({ type: "refused", code: "unknown_room", message: "No such room." });
  clock.advance(300);
  assert.equal(sent.length, 2);
  say(PEOPLE);
  say({ type: "refused", code: "seat_taken", message: "Taken." });
  clock.advance(60_000);
  assert.equal(sent.length, 2);
  assert.deepEqual(states, []);
});

test("the network's return ends the waits", () => {
  const { session, clock, say, types, signalling } = playing();
  session.broken();
  say({ type: "refused", code: "no_seats", message: "Full." });
  session.hurry();
  assert.deepEqual(types(), ["join", "join"]);
  assert.equal(signalling.hurried, 1);
  clock.advance(300);
  assert.equal(types().length, 2);
});

test("before its gateway ends, a second connection is got ready, and used for the same seat", () => {
  const { clock, session, peers, sent, states, open } = playing();
  session.pathEnds();
  session.pathEnds();
  assert.equal(open().length, 2);
  assert.equal(session.state, "playing");
  clock.advance(1500);
  assert.equal(session.state, "resuming");
  assert.deepEqual(peers.map(({ closed }) => closed), [true, false]);
  assert.equal(sent[0].token, "t1");
  assert.deepEqual(states, ["resuming"]);
});

test("a path that ends before that is left for the one that was got ready, and left once", () => {
  const { clock, session, peers, say, open } = playing();
  session.pathEnds();
  session.broken();
  assert.equal(peers.length, 2);
  say(STARTED);
  peers[1].onstate("connected");
  session.pictureShown();
  clock.advance(5000);
  assert.equal(session.state, "playing");
  assert.deepEqual(open(), [peers[1]]);
});
