/**
 * Every byte and every message that crosses the network, and nothing else: no socket, no clock, no document.
 *
 * The datagrams mirror worker/room/input/inputs.py, the JSON messages coordinator/messages/pages.py and, on the room channel,
 * worker/room/wire/requests.py and notices.py; tests/wire/vectors.json ties the sides together. What comes from outside is
 * parsed into a fresh object that holds only known fields of the right type, or into null: a caller never sees half a
 * message.
 */

import { boolean, integer, isObject, list, matching, name, nullable, number, oneOf, optional, parseWith, shape, string, tuple } from "./schema.js";

const KIND_PAD = 1;
const KIND_KEYBOARD = 2;
const KIND_MOUSE = 3;
const KIND_PING = 9;
const KIND_APPLIED = 129;

const HEADER_BYTES = 8;
const AXES = 6;
const STATE_BYTES = 2 + 2 * AXES;

/** Pad states in one datagram. Four states heal the loss of three datagrams in a row, in 64 bytes. */
const PAD_STATES = 4;
const MAX_PAD_STATES = 8;
const MAX_KEYS = 32;

/** The coordinator's longest is the library: MAX_GAMES of its registry.py, with names as long and as strange as they may be. */
const MAX_EVENT_CHARS = 32 * 1024 * 1024;
const MAX_NOTICE_CHARS = 256 * 1024;

/** libretro joypad buttons: the name is the SNES pad's, the number is the bit in a pad state. */
export const BUTTON = Object.freeze({
  B: 0, Y: 1, SELECT: 2, START: 3, UP: 4, DOWN: 5, LEFT: 6, RIGHT: 7,
  A: 8, X: 9, L: 10, R: 11, L2: 12, R2: 13, L3: 14, R3: 15,
});

// ----- datagrams of the "input" channel

/**
 * The pad datagram that is sent over and over: it holds the last PAD_STATES states, the newest first.
 * One buffer lives as long as the object, so that a key press allocates nothing.
 */
export class PadDatagram {
  /** `sequence` is the number of the state before the first, of which nothing is told. */
  constructor(sequence = 0) {
    const buffer = new ArrayBuffer(HEADER_BYTES + PAD_STATES * STATE_BYTES);
    this._bytes = new Uint8Array(buffer);
    this._view = new DataView(buffer);
    this._prefixes = Array.from({ length: PAD_STATES + 1 },
      (_, count) => new Uint8Array(buffer, 0, HEADER_BYTES + count * STATE_BYTES));
    this._count = 0;
    this._bytes[0] = KIND_PAD;
    this.sequence = sequence;
  }

  /** Put a new state in front. `axes` is an Int16Array: left x, left y, right x, right y, L2, R2. */
  push(buttons, axes) {
    this._bytes.copyWithin(HEADER_BYTES + STATE_BYTES, HEADER_BYTES, HEADER_BYTES + (PAD_STATES - 1) * STATE_BYTES);
    this._view.setUint16(HEADER_BYTES, buttons, true);
    for (let axis = 0; axis < AXES; axis++) this._view.setInt16(HEADER_BYTES + 2 + 2 * axis, axes[axis], true);
    if (this._count < PAD_STATES) this._count++;
    this.sequence = (this.sequence + 1) >>> 0;
    this._bytes[1] = this._count;
    this._view.setUint32(4, this.sequence, true);
  }

  /** The bytes to send. The same memory at every call: send it before the next push. */
  get bytes() {
    return this._prefixes[this._count];
  }
}

/** The held keys as RETROK_ codes (at most 32; the rest is left out) under a RETROKMOD_ mask. */
export function encodeKeyboard(sequence, modifiers, keys) {
  const count = Math.min(keys.length, MAX_KEYS);
  const view = datagram(KIND_KEYBOARD, count, modifiers, sequence, 2 * count);
  for (let index = 0; index < count; index++) view.setUint16(HEADER_BYTES + 2 * index, keys[index], true);
  return new Uint8Array(view.buffer);
}

/** The button mask (1 left, 2 right, 4 middle) and the way gone since the channel opened, in picture pixels. */
export function encodeMouse(sequence, buttons, x, y) {
  const view = datagram(KIND_MOUSE, buttons, 0, sequence, 8);
  view.setInt32(HEADER_BYTES, x, true);
  view.setInt32(HEADER_BYTES + 4, y, true);
  return new Uint8Array(view.buffer);
}

export function encodePing(sequence) {
  return new Uint8Array(datagram(KIND_PING, 0, 0, sequence, 0).buffer);
}

function datagram(kind, count, modifiers, sequence, bodyBytes) {
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + bodyBytes));
  view.setUint8(0, kind);
  view.setUint8(1, count);
  view.setUint16(2, modifiers, true);
  view.setUint32(4, sequence, true);
  return view;
}

/** What the room sends on the input channel: {ping: {sequence}} or {applied: {sequence, rtp}}; null if neither. */
export function parseReply(data) {
  const view = viewOf(data);
  if (!view || view.byteLength < HEADER_BYTES) return null;
  const kind = view.getUint8(0);
  const sequence = view.getUint32(4, true);
  if (kind === KIND_PING && view.byteLength === HEADER_BYTES) return { ping: { sequence } };
  if (kind === KIND_APPLIED && view.byteLength === HEADER_BYTES + 4) {
    return { applied: { sequence, rtp: view.getUint32(HEADER_BYTES, true) } };
  }
  return null;
}

/** Read a pad datagram back, as tests and an echoing room do: {sequence, states: [{buttons, axes}]} or null. */
export function parsePad(data) {
  const view = viewOf(data);
  if (!view || view.byteLength < HEADER_BYTES || view.getUint8(0) !== KIND_PAD) return null;
  const count = view.getUint8(1);
  if (count < 1 || count > MAX_PAD_STATES || view.byteLength !== HEADER_BYTES + count * STATE_BYTES) return null;
  const states = Array.from({ length: count }, (_, index) => readState(view, HEADER_BYTES + index * STATE_BYTES));
  return { sequence: view.getUint32(4, true), states };
}

function readState(view, offset) {
  const axes = Array.from({ length: AXES }, (_, axis) => view.getInt16(offset + 2 + 2 * axis, true));
  return { buttons: view.getUint16(offset, true), axes };
}

function viewOf(data) {
  if (data instanceof ArrayBuffer) return new DataView(data);
  if (ArrayBuffer.isView(data)) return new DataView(data.buffer, data.byteOffset, data.byteLength);
  return null;
}

// ----- messages to the coordinator

/** What a page says of its player: {profile, name, delays}; empty ones are left out. */
function about({ profile = "", name: nickname = "", delays = {} }) {
  const measured = Object.keys(delays).length > 0;
  return { ...(profile && { profile }), ...(nickname && { name: nickname }), ...(measured && { delays }) };
}

/** `extras`: {scale, profile, name, listed, region, delays}; `delays` are {region: milliseconds}. */
export function startMessage(game, offer, { scale = 1, listed = false, region = "", ...player } = {}) {
  return {
    type: "start", game, offer, ...(scale !== 1 && { scale }), ...about(player), ...(listed && { listed }), ...(region && { region }),
  };
}

/** `extras`: {token, profile, name, watch, delays}. With a token it is the way back to the own seat. */
export function joinMessage(room, offer, { token = "", watch = false, ...player } = {}) {
  return { type: "join", room, offer, ...(token && { token }), ...about(player), ...(watch && { watch }) };
}

/** This socket is new, the game is not: it goes on. */
export function backMessage(room, token) {
  return { type: "back", room, token };
}

/** `delays` are {region: milliseconds}. */
export function measuredMessage(delays) {
  return { type: "measured", delays };
}

/** `init` is an RTCIceCandidateInit, or null for the end of the candidates. */
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

/** To a spectator; or offer a swap to somebody seated, accept theirs, or (to oneself) take the offer back. */
export function giveSeatMessage(member) {
  return { type: "give_seat", member };
}

export function removeMessage(member) {
  return { type: "remove", member };
}

/** `changes`: {locked} or {listed}. */
export function setRoomMessage(changes) {
  return { type: "set_room", ...changes };
}

export function makeHostMessage(member) {
  return { type: "make_host", member };
}

export function renameMessage(nickname) {
  return { type: "rename", name: nickname };
}

// ----- requests to the room ("room" channel)

export function pauseRequest(paused) {
  return { type: "pause", paused };
}

export function resetRequest() {
  return { type: "reset" };
}

/** `factor` 1, 2 or 4. */
export function speedRequest(factor) {
  return { type: "speed", factor };
}

export function rewindRequest(on) {
  return { type: "rewind", on };
}

/** The slots of saves: 0 is the quick one, then 1 to 9, and the one that the room saves into by itself. */
export const QUICK_SLOT = 0;
export const AUTO_SLOT = 10;

export function saveRequest(slot) {
  return { type: "save", slot };
}

/** Without a version the newest. */
export function loadRequest(slot, version = "") {
  return version ? { type: "load", slot, version } : { type: "load", slot };
}

export function listSavesRequest() {
  return { type: "list_saves" };
}

export function deleteSaveRequest(slot, version) {
  return { type: "delete_save", slot, version };
}

/** `what` is "state" or "battery"; `slot` null stands for the game as it is now. */
export function exportRequest(what, slot = null) {
  return slot === null ? { type: "export", what } : { type: "export", what, slot };
}

/** Followed by the file's `size` bytes in binary messages. */
export function importRequest(what, size, filename) {
  return { type: "import", what, size, name: filename };
}

// ----- messages from the coordinator (PlayerEvent) and notices from the room ("room" channel)

/** A frame of the signalling socket as {type, ...}, or null if it is not a message that may come here. */
export function parseEvent(text) {
  return parseAs(EVENTS, text, MAX_EVENT_CHARS);
}

/** A message of the room channel as {type, ...}, or null. */
export function parseNotice(text) {
  return parseAs(NOTICES, text, MAX_NOTICE_CHARS);
}

function parseAs(shapes, text, most) {
  if (typeof text !== "string" || text.length > most) return null;
  const typed = (json) => {
    if (!isObject(json) || typeof json.type !== "string" || !Object.hasOwn(shapes, json.type)) return undefined;
    const fields = shapes[json.type](json);
    return fields && { type: json.type, ...fields };
  };
  return parseWith(typed, text) ?? null;
}

/** {"0": "Fire", ...}: libretro button number to label. */
function labels(value) {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  const good = entries.every(([key, label]) => /^(\d|1[0-5])$/.test(key) && typeof label === "string");
  return good ? Object.fromEntries(entries) : undefined;
}

/** More people or saves than a room has would only be there to fill our memory. */
const MAX_MEMBERS = 256;
const MAX_SAVES = 256;
/** A picture of some kilobytes in the message itself: nothing is fetched for it. */
const THUMBNAIL = /^(data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=]{1,65536})?$/;
/** 64 MiB: above the largest savestate of the consoles that a core runs without a GPU. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

const SEAT = nullable(integer(0, 3));
const COUNT = integer(0, 100_000);
export const GAME = shape({ id: name, title: name, system: name });
export const ICE_SERVER = shape({ urls: list(string), username: optional(string), credential: optional(string) });
/** More regions than this the coordinator tells nobody of. */
const REGIONS = list(shape({ name, gateways: list(string), full: boolean }), 32);
const LISTED_ROOM = shape({ room: name, game: GAME, players: COUNT, watching: COUNT, free_seats: COUNT });
const MEMBER = shape({ id: name, name, seat: SEAT, here: boolean });
const SAVE = shape({
  slot: integer(QUICK_SLOT, AUTO_SLOT), version: name, time: number(0, 1e11), core: string,
  thumbnail: matching(THUMBNAIL), conflict: boolean,
});

const EVENTS = {
  welcome: shape({
    version: string, games: list(GAME), ice_servers: optional(list(ICE_SERVER)), relay_only: optional(boolean),
    rooms: optional(list(LISTED_ROOM), []), regions: optional(REGIONS, []),
  }),
  ice_servers: shape({ ice_servers: list(ICE_SERVER), relay_only: optional(boolean) }),
  library: shape({ games: list(GAME) }),
  rooms: shape({ rooms: list(LISTED_ROOM) }),
  regions: shape({ regions: REGIONS }),
  started: shape({
    room: name, seat: SEAT, game: GAME, answer: name, member: name, token: name, region: optional(string, ""),
  }),
  room_state: shape({
    room: name, you: name, members: list(MEMBER, MAX_MEMBERS), host: name, locked: boolean, listed: boolean,
    offers: optional(list(tuple(name, name), MAX_MEMBERS), []),
  }),
  reconnect: shape({ room: name, code: name, message: string, ready: optional(boolean, true) }),
  refused: shape({ code: name, message: string }),
  ended: shape({ code: name, message: string }),
};

const NOTICES = {
  picture: shape({ width: integer(1, 16384), height: integer(1, 16384), aspect: number(0, 100) }),
  message: shape({ text: string, seconds: number(0, 3600) }),
  rumble: shape({ strong: number(0, 65535), weak: number(0, 65535) }),
  controls: shape({ buttons: labels }),
  playback: shape({ paused: boolean, by: optional(string, ""), speed: oneOf(1, 2, 4), rewinding: boolean }),
  saves: shape({ slots: list(SAVE, MAX_SAVES), store: string }),
  done: shape({ request: name, slot: optional(nullable(integer(QUICK_SLOT, AUTO_SLOT)), null), ok: boolean, message: string }),
  file: shape({ name, size: integer(0, MAX_FILE_BYTES) }),
  path_ends: shape({}),
  ended: shape({ code: name, message: string }),
};
