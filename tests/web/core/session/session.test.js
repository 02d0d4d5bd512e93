import assert from "node:assert/strict";
import { test } from "node:test";

import { PeerConnectionError } from "../../../../web/core/net/peer_connection.js";
import { GAME, GATEWAYS, PEOPLE, STARTED, WELCOME, playing, setup } from "../../sessions.js";

test("a connection is prepared while the library is shown, and a click sends its offer at once", () => {
  const { peers, sent, states, session, say } = setup();
  say(WELCOME);
  assert.deepEqual(peers[0].ice, { iceServers: WELCOME.ice_servers, relayOnly: false });
  session.start(GAME);
  assert.deepEqual(sent, [{ type: "start", game: "g1", offer: "offer", profile: "P", name: "Ada" }]);
  assert.deepEqual(states, ["library", "starting"]);
  assert.equal(peers.length, 1);
});

test("an offer that is not ready is sent when it is", async () => {
  const { peers, types, session, say } = setup();
  say(WELCOME);
  peers[0].offer = null;
  session.start(GAME);
  assert.deepEqual(types(), []);
  peers[0].offer = "late";
  await peers[0].prepared;
  await null;
  assert.deepEqual(types(), ["start"]);
});

test("candidates follow the start; those found before are in the offer", () => {
  const { peers, sent, session, say } = setup();
  say(WELCOME);
  peers[0].oncandidate({ candidate: "early" });
  session.start(GAME);
  peers[0].oncandidate({ candidate: "c", sdpMid: "0" });
  peers[0].oncandidate(null);
  assert.deepEqual(sent.slice(1), [
    { type: "candidate", candidate: { candidate: "c", sdpMid: "0" } },
    { type: "candidate", candidate: { candidate: "" } },
  ]);
});

test("with all candidates in the offer their end is said at once", () => {
  const { peers, types, session, say } = setup();
  say(WELCOME);
  peers[0].gathered = true;
  session.start(GAME);
  assert.deepEqual(types(), ["start", "candidate"]);
});

test("the answer goes to the peer, and the first frame makes it a game", () => {
  const { peers, states, session, say } = setup();
  say(WELCOME);
  session.start(GAME);
  say(STARTED);
  assert.equal(peers[0].answer, "answer");
  assert.deepEqual(session.room, { id: "r1", seat: 0, game: GAME, member: "m1", region: "" });
  assert.equal(session.pictureShown(), false, "what is shown before the connection is up is no frame of the room's");
  peers[0].onstate("connected");
  assert.equal(session.pictureShown(), true);
  assert.deepEqual(states, ["library", "starting", "playing"]);
});

test("leaving says so, closes the connection and prepares the next", () => {
  const { peers, types, states, session } = playing();
  session.leave();
  assert.equal(types().at(-1), "leave");
  assert.equal(peers[0].closed, true);
  assert.equal(peers.length, 2);
  assert.equal(session.room, null);
  assert.deepEqual(states, ["library"]);
});

test("an answer that comes after leaving changes nothing", () => {
  const { states, session, say } = setup();
  say(WELCOME);
  session.start(GAME);
  session.leave();
  say(STARTED);
  assert.equal(session.room, null);
  assert.equal(states.at(-1), "library");
});

test("a prepared connection is renewed before it is too old, and after a change of the codec", () => {
  const { clock, peers, session, say } = setup();
  say(WELCOME);
  clock.advance(180_000);
  assert.deepEqual(peers.map((peer) => peer.closed), [true, false]);
  session.prepare();
  assert.deepEqual(peers.map((peer) => peer.closed), [true, true, false]);
});

test("new gateways make the prepared connection anew; the same again do not", () => {
  const { peers, session, say } = setup();
  say(WELCOME);
  say(GATEWAYS);
  say(GATEWAYS);
  assert.deepEqual(peers.map((peer) => peer.closed), [true, false]);
  assert.deepEqual(peers[1].ice, { iceServers: GATEWAYS.ice_servers, relayOnly: true });
  assert.deepEqual(session.ice, peers[1].ice);
});

test("new gateways leave a connection alone that starts or plays, and are for the next one", () => {
  const starting = setup();
  starting.say(WELCOME);
  starting.session.start(GAME);
  for (const { peers, session, say, states } of [starting, playing()]) {
    const before = states.length;
    say(GATEWAYS);
    assert.equal(peers.length, 1);
    assert.equal(peers[0].closed, false);
    assert.equal(states.length, before);
    session.leave();
    assert.equal(peers[1].ice.relayOnly, true);
  }
});

test("gateways that changed while the server was away hold after its welcome", () => {
  const { peers, session, signalling, say } = setup();
  say(WELCOME);
  signalling.onlost();
  say({ ...WELCOME, ice_servers: GATEWAYS.ice_servers });
  assert.deepEqual(peers.map((peer) => peer.closed), [true, false]);
  assert.deepEqual(session.ice.iceServers, GATEWAYS.ice_servers);
});

test("without the gateway that it must go through, a game fails at the click and not before", () => {
  const { states, session, say } = setup({ make: () => { throw new PeerConnectionError("no_gateway"); } });
  say({ ...WELCOME, relay_only: true });
  assert.deepEqual(states, ["library"]);
  session.start(GAME);
  assert.equal(states.at(-1), "failed: no_gateway");
});

test("a connection that slept with a hidden tab is not used", () => {
  const { clock, peers, session, say } = setup();
  say(WELCOME);
  clock.time += 3_600_000; // timers did not run
  session.start(GAME);
  assert.equal(peers[0].closed, true);
  assert.equal(peers.length, 2);
});

for (const [name, happen, code] of [
  ["no answer", ({ clock }) => clock.advance(20_000), "no_answer"],
  ["no connection", ({ say, clock }) => { say(STARTED); clock.advance(15_000); }, "blocked"],
  ["ICE fails", ({ say, peers }) => { say(STARTED); peers[0].onstate("failed"); }, "blocked"],
  ["no picture", ({ say, peers, clock }) => { say(STARTED); peers[0].onstate("connected"); clock.advance(5000); }, "no_picture"],
  ["a refusal", ({ say }) => say({ type: "refused", code: "no_seats", message: "Full." }), "refused"],
  ["the socket goes", ({ signalling }) => { signalling.connected = false; signalling.onlost(); }, "lost"],
  ["garbage", ({ signalling }) => signalling.ongarbage(), "garbage"],
]) {
  test(`while starting: ${name}`, () => {
    const made = setup();
    made.say(WELCOME);
    made.session.start(GAME);
    happen(made);
    assert.equal(made.states.at(-1), `failed: ${code}`);
    assert.equal(made.peers[0].closed, true);
    made.clock.advance(60_000);
    assert.equal(made.states.at(-1), `failed: ${code}`);
  });
}

test("whoever is not let into a room hears that, and may try again", () => {
  const { sent, states, session, say } = setup();
  say(WELCOME);
  session.join("r9");
  say({ type: "refused", code: "locked", message: "Locked." });
  assert.equal(states.at(-1), "failed: not_let_in");
  session.retry();
  assert.deepEqual(sent.map(({ type }) => type), ["join", "join"]);
});

test("an answer that the browser refuses", async () => {
  const { peers, states, types, session, say } = setup();
  say(WELCOME);
  peers[0].accept = () => Promise.reject(new PeerConnectionError("answer"));
  session.start(GAME);
  say(STARTED);
  await new Promise(setImmediate);
  assert.equal(states.at(-1), "failed: answer");
  assert.equal(types().at(-1), "leave");
});

test("a browser without WebRTC shows the library, and says so at the click", () => {
  const { states, session, say } = setup({ make: () => { throw new PeerConnectionError("no_webrtc"); } });
  say(WELCOME);
  session.start(GAME);
  assert.deepEqual(states, ["library", "starting", "failed: no_webrtc"]);
});

for (const [name, happen] of [
  ["the coordinator ends it", ({ say }) => say({ type: "ended", code: "core_crashed", message: "Crashed." })],
  ["the room ends it, and nobody says more", ({ peers, clock }) => {
    peers[0].onnotice({ type: "ended", code: "core_crashed", message: "Crashed." });
    peers[0].onclosed();
    clock.advance(1500);
  }],
  ["the room goes, and its last word comes late", ({ peers, clock, say }) => {
    peers[0].onclosed();
    clock.advance(1000);
    say({ type: "ended", code: "closed", message: "Closed." });
  }],
]) {
  test(`while playing: ${name}`, () => {
    const made = playing();
    happen(made);
    assert.deepEqual(made.states, ["failed: ended"]);
    assert.equal(made.peers[0].closed, true);
    assert.equal(made.seatTokens.kept, null);
    made.clock.advance(60_000);
    assert.deepEqual(made.sent, []);
  });
}

test("who sits where, and where we sit", () => {
  const { session, say } = playing();
  const told = [];
  session.onpeople = (people, before) => told.push([people.host, before]);
  say({ ...PEOPLE, members: [{ ...PEOPLE.members[0], seat: null }] });
  assert.equal(session.room.seat, null);
  say({ ...PEOPLE, room: "r2" });
  assert.deepEqual(told, [["m1", null]]);
});

test("a seat that is refused is said, and the game goes on", () => {
  const { session, say, words, states, sent } = playing();
  session.ask({ type: "take_seat", seat: 1 });
  say({ type: "refused", code: "seat_taken", message: "Taken." });
  assert.deepEqual(sent, [{ type: "take_seat", seat: 1 }]);
  assert.deepEqual(words, ["Taken."]);
  assert.deepEqual(states, []);
});

test("what can't be asked now is said", () => {
  const { session, signalling, words, peers } = playing();
  session.request({ type: "reset" });
  assert.deepEqual(peers[0].requests, [{ type: "reset" }]);
  signalling.connected = false;
  session.ask({ type: "take_seat", seat: 1 });
  session.broken();
  session.request({ type: "reset" });
  assert.equal(words.length, 2);
});

for (const code of ["elsewhere", "removed"]) {
  test(`while playing: an end that is not the game's has its own title: ${code}`, () => {
    const { say, states, types } = playing();
    say({ type: "ended", code, message: "Words." });
    assert.deepEqual(states, [`failed: ${code}`]);
    assert.deepEqual(types(), []);
  });
}

test("a game goes on without the coordinator", () => {
  const { states, words, signalling, session, say } = playing();
  signalling.connected = false;
  signalling.onlost();
  signalling.connected = true;
  say(WELCOME);
  assert.deepEqual(states, []);
  assert.equal(words.length, 2);
  session.leave();
  assert.deepEqual(states, ["library"]);
});

test("try again does the same again", () => {
  const { sent, states, session, say } = setup();
  say(WELCOME);
  session.start(GAME);
  say({ type: "refused", code: "no_seats", message: "Full." });
  session.retry();
  assert.equal(states.at(-1), "starting");
  assert.equal(sent.at(-1).game, "g1");
});

test("a server that can't be reached is a failure, which ends by itself", () => {
  const { states, signalling, say } = setup();
  signalling.connected = false;
  signalling.onlost();
  signalling.onlost();
  signalling.connected = true;
  say(WELCOME);
  assert.deepEqual(states, ["failed: unreachable", "library"]);
});

test("try again without a connection hurries, and starts the game once it is back", () => {
  const { sent, states, signalling, session, say } = setup();
  say(WELCOME);
  session.start(GAME);
  signalling.connected = false;
  signalling.onlost();
  session.retry();
  assert.equal(signalling.hurried, 1);
  assert.equal(states.at(-1), "connecting");
  signalling.connected = true;
  say(WELCOME);
  assert.equal(states.at(-1), "starting");
  assert.equal(sent.at(-1).type, "start");
});

test("in the library a lost connection is waited for", () => {
  const { peers, states, signalling, say } = setup();
  say(WELCOME);
  signalling.connected = false;
  signalling.onlost();
  assert.equal(peers[0].closed, true);
  signalling.connected = true;
  say(WELCOME);
  assert.deepEqual(states, ["library", "connecting", "library"]);
});

test("back to the library without a connection waits for one", () => {
  const { states, signalling, session } = playing();
  signalling.connected = false;
  session.leave();
  assert.deepEqual(states, ["library", "connecting"]);
});

const REGIONS = ["a", "b", "c"].map((name) => ({ name, gateways: [`turn:${name}`], full: false }));
const THREE = { ...WELCOME, regions: REGIONS, ice_servers: [{ urls: REGIONS.flatMap(({ gateways }) => gateways), username: "u", credential: "c" }] };

test("a start and a join say what has been measured", async () => {
  const { session, sent, say } = setup({ measure: async () => 7 });
  say(THREE);
  await new Promise((resolve) => setImmediate(resolve));
  session.start(GAME);
  session.leave();
  session.join("r1");
  const delays = { a: 7, b: 7, c: 7 };
  assert.deepEqual(sent.filter(({ offer }) => offer).map((message) => message.delays), [delays, delays]);
});

test("a connection asks the gateways of two regions, and a room in a third makes it begin anew there", () => {
  const { peers, sent, session, states, seatTokens, say } = setup();
  say(THREE);
  session.start(GAME);
  assert.deepEqual(peers.at(-1).gateways, ["turn:a", "turn:b"]);
  say({ ...STARTED, region: "c" });
  assert.deepEqual(peers.at(-1).gateways, ["turn:a", "turn:c"]);
  assert.equal(peers.at(-2).closed, true);
  assert.equal(peers.at(-2).answer, null);
  assert.deepEqual(sent.at(-1), { type: "join", room: "r1", offer: "offer", token: "t1", profile: "P", name: "Ada" });
  assert.deepEqual(seatTokens.kept.ice.iceServers[0].urls, ["turn:a", "turn:c"]);
  say({ ...STARTED, region: "c", answer: "second" });
  assert.equal(peers.at(-1).answer, "second");
  assert.equal(states.at(-1), "starting");
});

test("a room in one of the two is entered at once", () => {
  const { peers, session, say } = setup();
  say(THREE);
  session.start(GAME);
  say({ ...STARTED, region: "b" });
  assert.equal(peers.at(-1).answer, "answer");
});

test("what is measured in mid-game is said once, when every answer is there", async () => {
  const { session, sent, say } = setup({ measure: async () => 7 });
  say(THREE);
  session.start(GAME);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(sent.slice(1), [{ type: "measured", delays: { a: 7, b: 7, c: 7 } }]);
});
