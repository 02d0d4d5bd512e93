/**
 * The player's profile: an anonymous secret of 128 bits that saves are kept under, made by this browser and shown as a
 * code that another browser can take over. It is no account: whoever has the code has the saves.
 */

const KEY = "coinop.profile";
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; // RFC 4648, section 6
const BYTES = 16;
const LENGTH = 26;
/** What base32 leaves out because it looks like a letter that it has. */
const LOOKALIKES = Object.freeze({ 0: "O", 1: "I", 8: "B" });

/** Encode bytes in base32, without padding. */
export function base32(bytes) {
  let [text, value, bits] = ["", 0, 0];
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += LETTERS[(value >>> (bits - 5)) & 31];
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + LETTERS[(value << (5 - bits)) & 31] : text;
}

/** Bring a code as somebody typed or pasted it into its one form; null if it is none. */
export function parseCode(text) {
  const plain = text.toUpperCase().replace(/[\s.\-–—]/g, "").replace(/[018]/g, (digit) => LOOKALIKES[digit]);
  return plain.length === LENGTH && [...plain].every((letter) => LETTERS.includes(letter)) ? plain : null;
}

/** Write the code in groups, as a person reads it out. */
export function spaced(code) {
  return [code.slice(0, 5), code.slice(5, 10), code.slice(10, 15), code.slice(15, 20), code.slice(20)].join("-");
}

export class Profile {
  /** `storage` is a Storage or null and may throw; `fill(bytes)` fills them at random, as crypto.getRandomValues. */
  constructor(storage, fill) {
    this._storage = storage;
    /** The secret itself. */
    this.code = read(storage);
    /** Whether the next page in this browser will have it too. */
    this.kept = this.code !== null;
    if (!this.kept) this._keep(base32(fill(new Uint8Array(BYTES))));
  }

  /** Take over the profile of another browser. False if the text is no code. */
  adopt(text) {
    const code = parseCode(text);
    if (code) this._keep(code);
    return code !== null;
  }

  _keep(code) {
    this.code = code;
    try {
      this._storage.setItem(KEY, code);
      this.kept = true;
    } catch {
      this.kept = false; // it holds until the page goes, and the code can still be written down
    }
  }
}

function read(storage) {
  try {
    return parseCode(storage?.getItem(KEY) ?? "");
  } catch {
    return null;
  }
}

/** The part of the settings that shows the code, and takes another. */
export class ProfileForm {
  /** `elements`: code, show, copy, field, adopt, said. `words` are words.PROFILE. */
  constructor(elements, profile, words) {
    this._elements = elements;
    this._profile = profile;
    this._words = words;
    elements.show.addEventListener("click", () => this._show(elements.code.hidden));
    elements.copy.addEventListener("click", () => this._copy());
    elements.adopt.addEventListener("click", () => this._adopt());
    elements.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault(); // it would press the dialog's first button
      this._adopt();
    });
  }

  /** As it is when the settings open: the code is a secret, so it is shown only when asked for. */
  close() {
    this._show(false);
    this._elements.field.value = "";
    this._elements.said.textContent = "";
  }

  _show(shown) {
    const { code, show } = this._elements;
    code.hidden = !shown;
    code.textContent = shown ? spaced(this._profile.code) : "";
    show.setAttribute("aria-expanded", String(shown));
  }

  async _copy() {
    try {
      await navigator.clipboard.writeText(spaced(this._profile.code));
      this._elements.said.textContent = this._words.copied;
    } catch {
      this._show(true); // no clipboard without TLS
      this._elements.said.textContent = this._words.copyByHand;
    }
  }

  _adopt() {
    const { field, said } = this._elements;
    const taken = this._profile.adopt(field.value);
    said.textContent = taken ? this._words.adopted : this._words.noCode;
    if (!taken) return;
    field.value = "";
    this._show(false);
  }
}
