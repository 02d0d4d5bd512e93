/**
 * What a page and the coordinator say to each other over the signalling socket, as JSON texts.
 *
 * It mirrors coordinator/messages/pages.py; tests/wire/vectors.json ties the sides together. What comes from outside is
 * parsed into a fresh object that holds only known fields of the right type, or into null.
 */

import { boolean, integer, list, name, nullable, object, optional, parseTyped, string, tuple } from "./schema.js";

/** Seats of a room: SEATS of coordinator/messages/fields.py. */
export const SEATS = 4;

/** The coordinator's longest is the library: MAX_GAMES of its registry, with names as long and as strange as they may be. */
const MAX_EVENT_CHARS = 32 * 1024 * 1024;
/** More people than a room has would only be there to fill our memory. */
const MAX_MEMBERS = 256;
/** The coordinator tells of no more regions than these. */
const MAX_REGIONS = 32;

/** Gather what a page says of its player: {profile, name, delays}; empty ones are left out. */
function about({ profile = "", name: nickname = "", delays = {} }) {
  const measured = Object.keys(delays).length > 0;
  return { ...(profile && { profile }), ...(nickname && { name: nickname }), ...(measured && { delays }) };
}

/** Ask for a new room. `extras`: {scale, profile, name, listed, region, delays}; `delays` are {region: milliseconds}. */
export function startMessage(game, offer, { scale = 1, listed = false, region = "", ...player } = {}) {
  return {
    type: "start", game, offer, ...(scale !== 1 && { scale }), ...about(player), ...(listed && { listed }), ...(region && { region }),
  };
}

/** Ask to be let in. `extras`: {token, profile, name, watch, delays}; with a token, back to the own seat. */
export function joinMessage(room, offer, { token = "", watch = false, ...player } = {}) {
  return { type: "join", room, offer, ...(token && { token }), ...about(player), ...(watch && { watch }) };
}

/** Say that this socket is new and the game is not: it goes on. */
export function backMessage(room, token) {
  return { type: "back", room, token };
}

/** Say how far the regions are: {region: milliseconds}. */
export function measuredMessage(delays) {
  return { type: "measured", delays };
}

/** Send a candidate: `init` is an RTCIceCandidateInit, or null for the end of the candidates. */
export function candidateMessage(init) {
  const candidate = { candidate: init?.candidate ?? "" };
  if (init?.sdpMid != null) candidate.sdpMid = init.sdpMid;
  if (init?.sdpMLineIndex != null) candidate.sdpMLineIndex = init.sdpMLineIndex;
  return { type: "candidate", candidate };
}

export function leaveMessage() {
  return { type: "leave" };
}

/** Sit down on seat 0 to 3; null: get up and watch. */
export function takeSeatMessage(seat) {
  return { type: "take_seat", seat };
}

/** Give the own seat to a spectator; or offer a swap to somebody seated, accept theirs, or (to oneself) take the offer back. */
export function giveSeatMessage(member) {
  return { type: "give_seat", member };
}

export function removeMessage(member) {
  return { type: "remove", member };
}

/** Change the room, as its host: {locked} or {listed}. */
export function setRoomMessage(changes) {
  return { type: "set_room", ...changes };
}

export function makeHostMessage(member) {
  return { type: "make_host", member };
}

export function renameMessage(nickname) {
  return { type: "rename", name: nickname };
}

const SEAT = nullable(integer(0, SEATS - 1));
const COUNT = integer(0, 100_000);
export const GAME = object({ id: name, title: name, system: name });
export const ICE_SERVER = object({ urls: list(string), username: optional(string), credential: optional(string) });
const REGIONS = list(object({ name, gateways: list(string), full: boolean }), MAX_REGIONS);
const LISTED_ROOM = object({ room: name, game: GAME, players: COUNT, watching: COUNT, free_seats: COUNT });
const MEMBER = object({ id: name, name, seat: SEAT, here: boolean });

const EVENTS = {
  welcome: object({
    version: string, games: list(GAME), ice_servers: optional(list(ICE_SERVER)), relay_only: optional(boolean),
    rooms: optional(list(LISTED_ROOM), []), regions: optional(REGIONS, []),
  }),
  ice_servers: object({ ice_servers: list(ICE_SERVER), relay_only: optional(boolean) }),
  library: object({ games: list(GAME) }),
  rooms: object({ rooms: list(LISTED_ROOM) }),
  regions: object({ regions: REGIONS }),
  started: object({
    room: name, seat: SEAT, game: GAME, answer: name, member: name, token: name, region: optional(string, ""),
  }),
  room_state: object({
    room: name, you: name, members: list(MEMBER, MAX_MEMBERS), host: name, locked: boolean, listed: boolean,
    offers: optional(list(tuple(name, name), MAX_MEMBERS), []),
  }),
  reconnect: object({ room: name, code: name, message: string, ready: optional(boolean, true) }),
  refused: object({ code: name, message: string }),
  ended: object({ code: name, message: string }),
};

/** Parse a frame of the signalling socket: {type, ...}, or null if it is no message that may come here. */
export function parseEvent(text) {
  return parseTyped(EVENTS, text, MAX_EVENT_CHARS);
}
