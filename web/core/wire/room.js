/**
 * What a page and its room say to each other on the "room" data channel: requests out, notices in, as JSON texts.
 *
 * They mirror worker/room/wire/requests.py and notices.py. What comes from outside is parsed into a fresh object that
 * holds only known fields of the right type, or into null.
 */

import { boolean, integer, isObject, list, matching, name, nullable, number, object, oneOf, optional, parseTyped, string } from "./schema.js";

const MAX_NOTICE_CHARS = 256 * 1024;
/** More saves than a room has would only be there to fill our memory. */
const MAX_SAVES = 256;
/** A picture of some kilobytes in the message itself: nothing is fetched for it. */
const THUMBNAIL = /^(data:image\/(png|jpeg|webp);base64,[A-Za-z0-9+/=]{1,65536})?$/;
/** 64 MiB: above the largest savestate of the consoles that a core runs without a GPU. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

export function pauseRequest(paused) {
  return { type: "pause", paused };
}

export function resetRequest() {
  return { type: "reset" };
}

/** Ask for a speed: `factor` 1, 2 or 4. */
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

/** Ask for a save to be loaded; without a version the newest. */
export function loadRequest(slot, version = "") {
  return version ? { type: "load", slot, version } : { type: "load", slot };
}

export function listSavesRequest() {
  return { type: "list_saves" };
}

export function deleteSaveRequest(slot, version) {
  return { type: "delete_save", slot, version };
}

/** Ask for a file. `what` is "state" or "battery"; `slot` null stands for the game as it is now. */
export function exportRequest(what, slot = null) {
  return slot === null ? { type: "export", what } : { type: "export", what, slot };
}

/** Announce a file, whose `size` bytes follow in binary messages. */
export function importRequest(what, size, filename) {
  return { type: "import", what, size, name: filename };
}

/** Read {"0": "Fire", ...}: libretro button number to label. */
function labels(value) {
  if (!isObject(value)) return undefined;
  const entries = Object.entries(value);
  const good = entries.every(([key, label]) => /^(\d|1[0-5])$/.test(key) && typeof label === "string");
  return good ? Object.fromEntries(entries) : undefined;
}

const SAVE = object({
  slot: integer(QUICK_SLOT, AUTO_SLOT), version: name, time: number(0, 1e11), core: string,
  thumbnail: matching(THUMBNAIL), conflict: boolean,
});

const NOTICES = {
  picture: object({ width: integer(1, 16384), height: integer(1, 16384), aspect: number(0, 100) }),
  message: object({ text: string, seconds: number(0, 3600) }),
  rumble: object({ strong: number(0, 65535), weak: number(0, 65535) }),
  controls: object({ buttons: labels }),
  playback: object({ paused: boolean, by: optional(string, ""), speed: oneOf(1, 2, 4), rewinding: boolean }),
  saves: object({ slots: list(SAVE, MAX_SAVES), store: string }),
  done: object({ request: name, slot: optional(nullable(integer(QUICK_SLOT, AUTO_SLOT)), null), ok: boolean, message: string }),
  file: object({ name, size: integer(0, MAX_FILE_BYTES) }),
  path_ends: object({}),
  ended: object({ code: name, message: string }),
};

/** Parse a message of the room channel: {type, ...}, or null if it is none that may come here. */
export function parseNotice(text) {
  return parseTyped(NOTICES, text, MAX_NOTICE_CHARS);
}
