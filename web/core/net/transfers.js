/**
 * Files on the room channel: put together from the pieces that come, and read to be sent.
 *
 * Leaves the channel to peer_connection.js, and what the files are to saves.js.
 */

import { MAX_FILE_BYTES } from "../wire/room.js";

/** Puts one file at a time together. */
export class Receiver {
  constructor() {
    /** @type {{name: string, bytes: Uint8Array, filled: number} | null} */
    this._file = null;
    this.onfile = (file) => {}; // ({name, bytes})
  }

  /** Forget a file that has not come to its end: its connection is gone. */
  reset() {
    this._file = null;
  }

  /** Begin with a `file` notice: its bytes follow. */
  begin({ name, size }) {
    this._file = { name, bytes: new Uint8Array(size), filled: 0 };
    this._finish(this._file);
  }

  /** Take a piece. One that belongs to no file, or is more than was said, is dropped with its file. */
  take(buffer) {
    const file = this._file;
    if (!file) return;
    if (file.filled + buffer.byteLength > file.bytes.length) {
      this.reset();
      return;
    }
    file.bytes.set(new Uint8Array(buffer), file.filled);
    file.filled += buffer.byteLength;
    this._finish(file);
  }

  _finish({ name, bytes, filled }) {
    if (filled < bytes.length) return;
    this.reset();
    this.onfile({ name, bytes });
  }
}

/** Read a File that the player chose: {bytes} or {wrong}, a key of words.FILE. */
export async function readFile(file) {
  if (file.size === 0) return { wrong: "empty" };
  if (file.size > MAX_FILE_BYTES) return { wrong: "tooLarge" };
  try {
    return { bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch {
    return { wrong: "unreadable" };
  }
}
