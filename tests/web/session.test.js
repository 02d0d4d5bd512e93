import assert from "node:assert/strict";
import { test } from "node:test";

import { PeerError } from "../../web/peer.js";
import { Session } from "../../web/session.js";
import { Clock } from "./fakes.js";

const GAME = { id: "g1", title: "Duel", system: "NES" };
const ICE_SERVERS = [{ urls: ["stun:x"] }];
const WELCOME = { type: "welcome", version: "1", games: [GAME], ice_servers: ICE_SERVERS, rooms: [] };
const STARTED = { type: "started", room: "r1", seat: 0, game: GAME, answer: "answer", member: "m1", token: "t1" };
const TICKET = { room: "r1", token: "t1", game: GAME, ice: { iceServers: ICE_SERVERS, relayOnly: false } };
const RECONNECT = { type: "reconnect", room: "r1", code: "crashed", message: "It starts again.", ready: true };
const PEOPLE = {
  type: "room_state", room: "r1", you: "m1", host: "m1", locked: false, listed: false, offers: [],
  members: [{ id: "m1", name: "Ada", seat: 0, here: true }],
};

class FakePeer {
  constructor(ice) {
    Object.assign(this, { ice, offer: "offer", gathered: false, closed: false, answer: null });
    this.prepared = Promise.resolve();
    this.oncandidate = () => {};
  }

  async accept(answer) { this.answer = answer; }

  request(message) { (this.requests ??= []).push(message); return !this.closed; }

  close() { this.closed = true; }
}

class FakeTickets {
  constructor(kept) { this.kept = kept; }

  read() { return this.kept; }

  keep(ticket) { this.kept = ticket; }

  drop() { this.kept = null; }
}

function fakeSignalling(sent) {
  return {
    connected: true,
    hurried: 0,
    renewed: 0,
    send(message) { if (this.connected) sent.push(message); return this.connected; },
    hurry() { this.hurried++; },
    renew() { this.renewed++; },
    lose() { this.connected = false; this.onlost(); },
    find(welcome = WELCOME) { this.connected = true; this.onmessage(welcome); },
  };
}

/** A session, its clock, the peers that it made, what it sent, and the states with failure codes that it went through. */
function setup({ make = (ice) => new FakePeer(ice), ticket = null } = {}) {
  const clock = new Clock();
  const [peers, sent, states, words, why] = [[], [], [], [], []];
  const signalling = fakeSignalling(sent);
  const makePeer = (ice) => {
    const peer = make(ice);
    peers.push(peer);
    return peer;
  };
  const tickets = new FakeTickets(ticket);
  const player = () => ({ profile: "P", name: "Ada", scale: 1, listed: false });
  const session = new Session({ signalling, makePeer, player, tickets, environment: clock });
  session.onstate = (state, failed) => states.push(failed ? `${state}: ${failed.code}` : state);
  session.onwords = (sentence) => words.push(sentence);
  session.onwhy = (sentence) => why.push(sentence);
  const say = (message) => signalling.onmessage(message);
  const types = () => sent.map((message) => message.type);
  const open = () => peers.filter((peer) => !peer.closed);
  return { clock, peers, sent, states, words, why, signalling, session, say, types, tickets, open };
}

/** The same, in the middle of a game. */
function playing() {
  const made = setup();
  made.say(WELCOME);
  made.session.start(GAME);
  made.say(STARTED);
  made.peers[0].onstate("connected");
  made.session.pictureShown();
  made.states.length = made.sent.length = 0;
  return made;
}

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
  assert.deepEqual(session.room, { id: "r1", seat: 0, game: GAME, member: "m1" });
  session.pictureShown();
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

const GATEWAYS = { type: "ice_servers", ice_servers: [{ urls: ["turn:x"], username: "u", credential: "c" }], relay_only: true };

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
  const { states, session, say } = setup({ make: () => { throw new PeerError("no_gateway"); } });
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

test("a room is joined as soon as the coordinator says welcome", () => {
  const { sent, states, session, say } = setup();
  session.join("r9");
  say(WELCOME);
  assert.deepEqual(sent, [{ type: "join", room: "r9", offer: "offer", profile: "P", name: "Ada" }]);
  assert.deepEqual(states, ["library", "starting"]);
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

test("an answer that the browser refuses", async () => {
  const { peers, states, types, session, say } = setup();
  say(WELCOME);
  peers[0].accept = () => Promise.reject(new PeerError("answer"));
  session.start(GAME);
  say(STARTED);
  await new Promise(setImmediate);
  assert.equal(states.at(-1), "failed: answer");
  assert.equal(types().at(-1), "leave");
});

test("a browser without WebRTC shows the library, and says so at the click", () => {
  const { states, session, say } = setup({ make: () => { throw new PeerError("no_webrtc"); } });
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
    assert.equal(made.tickets.kept, null);
    made.clock.advance(60_000);
    assert.deepEqual(made.sent, []);
  });
}

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
    assert.equal(made.tickets.kept.token, "t2");
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
  const { session, say, states, tickets, sent, clock } = playing();
  session.broken();
  say({ type: "refused", code: "unknown_room", message: "This room is closed." });
  assert.deepEqual(states, ["resuming", "failed: gone"]);
  assert.equal(tickets.kept, null);
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

test("a room that waits for a place while the server restarts", () => {
  const { say, types, signalling } = playing();
  say({ ...RECONNECT, ready: false });
  signalling.lose();
  signalling.find();
  say(PEOPLE);
  assert.deepEqual(types(), ["back", "join"]);
});

test("a reload in mid-game goes back to the seat: the offer is made before the server's first word", () => {
  const { session, peers, sent, states, signalling, say } = setup({ ticket: TICKET });
  signalling.connected = false;
  assert.equal(session.resume(), true);
  assert.equal(peers.length, 1);
  assert.deepEqual(peers[0].ice, TICKET.ice);
  signalling.find();
  assert.deepEqual(sent, [{ type: "join", room: "r1", offer: "offer", token: "t1", profile: "P", name: "Ada" }]);
  say(STARTED);
  session.pictureShown();
  assert.deepEqual(states, ["resuming", "playing"]);
  assert.equal(session.room.seat, 0);
});

test("an offer that comes after the server's first word is sent once", async () => {
  const { session, peers, types, signalling } = setup({
    ticket: TICKET, make: (ice) => Object.assign(new FakePeer(ice), { offer: null }),
  });
  signalling.connected = false;
  session.resume();
  signalling.find();
  peers[0].offer = "late";
  await new Promise(setImmediate);
  assert.deepEqual(types(), ["join"]);
});

test("a reload when the room is gone: its words, and the game can be started anew", () => {
  const { session, sent, states, say } = setup({ ticket: TICKET });
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
  const { session, say, tickets } = playing();
  assert.deepEqual(tickets.kept, TICKET);
  say(GATEWAYS);
  assert.deepEqual(tickets.kept.ice, { iceServers: GATEWAYS.ice_servers, relayOnly: true });
  session.leave();
  assert.equal(tickets.kept, null);
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
