/**
 * What the player chose, kept in localStorage. Everything read is checked: another version of this page, or a person
 * with the developer tools, may have written it. The address bar overrides without being kept.
 */

const KEY = "coinop.settings";

const oneOf = (...values) => (value) => values.includes(value);
const flag = (value) => typeof value === "boolean";
/** What the coordinator takes as a name. */
const NAME_LENGTH = 24;
const nickname = (value) => typeof value === "string" && value.length <= NAME_LENGTH;
const place = (value) => typeof value === "string" && value.length <= 64;
const share = (value) => Number.isFinite(value) && value >= 0 && value <= 1;

/** The video codecs that may be chosen, as people call them; "auto" leaves the choice to the room. */
export const CODECS = Object.freeze({ auto: "Automatic", h264: "H.264", vp8: "VP8" });

const FIELDS = Object.freeze({
  /** Video codec to offer. */
  codec: { initial: "auto", allows: oneOf(...Object.keys(CODECS)) },
  /** Integer upscaling in the room, before encoding. */
  scale: { initial: 1, allows: oneOf(1, 2, 3) },
  /** "fill" uses all the space; "whole" only whole multiples of the game's pixels. */
  fit: { initial: "fill", allows: oneOf("fill", "whole") },
  /** "auto" prefers a direct path; "relay" goes through the gateway only. */
  path: { initial: "auto", allows: oneOf("auto", "relay") },
  /** Where rooms that we start are to be; empty for the closest. */
  region: { initial: "", allows: place },
  /** What the others in a room call us; empty for "Player 1" and the like. */
  name: { initial: "", allows: nickname },
  /** Whether the lobby shows the rooms that we open. */
  listed: { initial: false, allows: flag },
  /** 0 to 1. */
  volume: { initial: 0.8, allows: share },
  muted: { initial: false, allows: flag },
  /** Whether the key legend is unfolded. */
  legend: { initial: true, allows: flag },
  /** Whether the stats overlay is shown. */
  stats: { initial: false, allows: flag },
});

export class Settings {
  /** `storage` is a Storage or null; it may throw at any call (private windows, full disks). */
  constructor(storage, query = "") {
    this._storage = storage;
    this._kept = read(storage);
    this._overrides = overridesIn(query);
    this.onchange = (name, value) => {};
  }

  get(name) {
    return this._overrides[name] ?? this._kept[name];
  }

  /** Set and keep a value, and tell `onchange`. A value that is not allowed is a programming error. */
  set(name, value) {
    if (!FIELDS[name]?.allows(value)) throw new RangeError(`${name} can't be ${JSON.stringify(value)}`);
    const before = this.get(name);
    delete this._overrides[name];
    this._kept[name] = value;
    try {
      this._storage?.setItem(KEY, JSON.stringify(this._kept));
    } catch {
      // Not kept, then: it still holds until the page goes.
    }
    if (before !== value) this.onchange(name, value);
  }
}

function read(storage) {
  let stored;
  try {
    stored = JSON.parse(storage?.getItem(KEY) ?? "{}");
  } catch {
    stored = {};
  }
  const kept = {};
  for (const [name, field] of Object.entries(FIELDS)) {
    kept[name] = field.allows(stored?.[name]) ? stored[name] : field.initial;
  }
  return kept;
}

/** Read `?codec=` with a key of CODECS, `?scale=1|2|3` and `?relay=1|0`; anything else in them is passed over. */
function overridesIn(query) {
  const given = new URLSearchParams(query);
  const overrides = {};
  const codec = given.get("codec");
  const scale = Number(given.get("scale"));
  if (FIELDS.codec.allows(codec)) overrides.codec = codec;
  if (FIELDS.scale.allows(scale)) overrides.scale = scale;
  const relay = given.get("relay");
  if (relay === "1" || relay === "0") overrides.path = relay === "1" ? "relay" : "auto";
  return overrides;
}

/** Read the room that a link invites to, from `?room=ID` or `#room=ID`; null if there is none. */
export function invitedRoom({ search = "", hash = "" }) {
  const room = new URLSearchParams(hash.replace(/^#/, "")).get("room") ?? new URLSearchParams(search).get("room");
  return room && room.length <= 128 ? room : null;
}

/** Make the link that invites to a room. The id goes into the hash, which browsers send to no server and no log. */
export function invitation(room, { origin, pathname }) {
  return `${origin}${pathname}#room=${encodeURIComponent(room)}`;
}
