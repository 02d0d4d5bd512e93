/**
 * The datagrams of the "input" data channel, and no other bytes: no socket, no clock, no document.
 *
 * They mirror worker/room/input/; tests/wire/vectors.json ties the sides together. What comes from outside is parsed into
 * a fresh object, or into null: a caller never sees half a datagram.
 */

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

/** libretro joypad buttons: the name is the SNES pad's, the number is the bit in a pad state. */
export const BUTTON = Object.freeze({
  B: 0, Y: 1, SELECT: 2, START: 3, UP: 4, DOWN: 5, LEFT: 6, RIGHT: 7,
  A: 8, X: 9, L: 10, R: 11, L2: 12, R2: 13, L3: 14, R3: 15,
});

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

  /** Get the bytes to send. The same memory at every call: send it before the next push. */
  get bytes() {
    return this._prefixes[this._count];
  }
}

/** Encode the held keys as RETROK_ codes (at most 32; the rest is left out) under a RETROKMOD_ mask. */
export function encodeKeyboard(sequence, modifiers, keys) {
  const count = Math.min(keys.length, MAX_KEYS);
  const view = datagram(KIND_KEYBOARD, count, modifiers, sequence, 2 * count);
  for (let index = 0; index < count; index++) view.setUint16(HEADER_BYTES + 2 * index, keys[index], true);
  return new Uint8Array(view.buffer);
}

/** Encode the button mask (1 left, 2 right, 4 middle) and the way gone since the channel opened, in picture pixels. */
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

/** Parse what the room sends on the input channel: {ping: {sequence}} or {applied: {sequence, rtp}}; null if neither. */
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
