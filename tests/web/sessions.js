/** A session with stand-ins for all that it is given, and the messages that its tests say to it. */

import { Regions } from "../../web/core/net/regions.js";
import { Session } from "../../web/core/session/session.js";
import { Clock } from "./fakes.js";

export const GAME = { id: "g1", title: "Duel", system: "NES" };
const ICE_SERVERS = [{ urls: ["stun:x"] }];
export const WELCOME = { type: "welcome", version: "1", games: [GAME], ice_servers: ICE_SERVERS, rooms: [], regions: [] };
export const STARTED = { type: "started", room: "r1", seat: 0, game: GAME, answer: "answer", member: "m1", token: "t1", region: "" };
export const SEAT_TOKEN = { room: "r1", token: "t1", game: GAME, ice: { iceServers: ICE_SERVERS, relayOnly: false } };
export const RECONNECT = { type: "reconnect", room: "r1", code: "crashed", message: "It starts again.", ready: true };
export const GATEWAYS = { type: "ice_servers", ice_servers: [{ urls: ["turn:x"], username: "u", credential: "c" }], relay_only: true };
export const PEOPLE = {
  type: "room_state", room: "r1", you: "m1", host: "m1", locked: false, listed: false, offers: [],
  members: [{ id: "m1", name: "Ada", seat: 0, here: true }],
};

export class FakePeer {
  constructor(ice) {
    Object.assign(this, { ice, offer: "offer", gathered: false, closed: false, answer: null });
    this.gateways = ice.iceServers.flatMap(({ urls }) => urls);
    this.prepared = Promise.resolve();
    this.oncandidate = () => {};
  }

  async accept(answer) { this.answer = answer; }

  request(message) { (this.requests ??= []).push(message); return !this.closed; }

  close() { this.closed = true; }
}

class FakeSeatTokens {
  constructor(kept) { this.kept = kept; }

  read() { return this.kept; }

  keep(seatToken) { this.kept = seatToken; }

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
export function setup({ make = (ice) => new FakePeer(ice), seatToken = null, measure = async () => null } = {}) {
  const clock = new Clock();
  const [peers, sent, states, words, why] = [[], [], [], [], []];
  const signalling = fakeSignalling(sent);
  const makePeer = (ice) => {
    const peer = make(ice);
    peers.push(peer);
    return peer;
  };
  const seatTokens = new FakeSeatTokens(seatToken);
  const player = () => ({ profile: "P", name: "Ada", scale: 1, listed: false });
  const regions = new Regions(measure, () => "", clock);
  const session = new Session({ signalling, makePeer, player, regions, seatTokens, environment: clock });
  session.onstate = (state, failed) => states.push(failed ? `${state}: ${failed.code}` : state);
  session.onwords = (sentence) => words.push(sentence);
  session.onwhy = (sentence) => why.push(sentence);
  const say = (message) => signalling.onmessage(message);
  const types = () => sent.map((message) => message.type);
  const open = () => peers.filter((peer) => !peer.closed);
  return { clock, peers, sent, states, words, why, signalling, session, say, types, seatTokens, open };
}

/** The same, in the middle of a game. */
export function playing() {
  const made = setup();
  made.say(WELCOME);
  made.session.start(GAME);
  made.say(STARTED);
  made.peers[0].onstate("connected");
  made.session.pictureShown();
  made.states.length = made.sent.length = 0;
  return made;
}
