/** Pause, reset, fast-forward and rewind: the strip under the picture, its keys, and the words on how the game runs. */

import { confirmOnSecondPress } from "./confirm_button.js";
import {
  QUICK_SLOT, loadRequest, pauseRequest, resetRequest, rewindRequest, saveRequest, speedRequest,
} from "../core/wire/room.js";

/** With the focus in one of these a letter is a letter. */
const TYPING = "input, textarea, select, dialog";
/** Here Space presses the focused thing. */
const PRESSABLE = "button, a[href]";
/** While its key is held. */
const HELD_SPEED = 4;
const NEXT_SPEED = Object.freeze({ 1: 2, 2: 4, 4: 1 });
const USUAL = Object.freeze({ paused: false, by: "", speed: 1, rewinding: false });

/** Say how the game runs; empty if it just runs. */
export function stateWords({ paused, by, speed, rewinding }) {
  const whose = by ? ` by ${by}` : "";
  if (rewinding) return `Rewinding${whose}`;
  if (paused) return `Paused${whose}`;
  return speed > 1 ? `${speed}× speed${whose}` : "";
}

export class PlaybackControls {
  /** `elements`: strip, badge, rewind, pause, fast, factor, reset, resetLabel, save, load. */
  constructor(elements) {
    this._elements = elements;
    this._state = USUAL;
    this._held = new Set();
    /** A request for the room. */
    this.onrequest = (request) => {};
    this._presses = {
      KeyP: () => this._pause(),
      KeyR: () => this._rewind(true),
      Space: () => this._speed(HELD_SPEED),
      F2: () => this.onrequest(saveRequest(QUICK_SLOT)),
      F4: () => this.onrequest(loadRequest(QUICK_SLOT)),
    };
    this._releases = { KeyR: () => this._rewind(false), Space: () => this._speed(1), button: () => this._rewind(false) };
    this._handlers = {
      keydown: (event) => this._down(event),
      keyup: (event) => this._release(event.code),
      blur: () => this._letGo(),
    };
    this._wire();
  }

  /** Make keys and buttons work: we have a seat. */
  grab() {
    for (const [type, handler] of Object.entries(this._handlers)) addEventListener(type, handler);
    this._elements.strip.hidden = false;
  }

  ungrab() {
    this._letGo();
    for (const [type, handler] of Object.entries(this._handlers)) removeEventListener(type, handler);
    this._elements.strip.hidden = true;
  }

  /** Show how the game runs, as the room says it; null when nothing is played. */
  show(playback) {
    this._state = playback ?? USUAL;
    const { badge, pause, rewind, fast, factor } = this._elements;
    const { paused, rewinding, speed } = this._state;
    badge.textContent = stateWords(this._state);
    pause.setAttribute("aria-pressed", String(paused));
    pause.setAttribute("aria-label", paused ? "Go on" : "Pause");
    pause.title = `${paused ? "Go on" : "Pause"} (P)`;
    rewind.setAttribute("aria-pressed", String(rewinding));
    fast.setAttribute("aria-pressed", String(speed > 1));
    factor.textContent = `${speed}×`;
  }

  _wire() {
    const { pause, rewind, fast, reset, resetLabel, save, load } = this._elements;
    pause.addEventListener("click", () => this._pause());
    fast.addEventListener("click", () => this._speed(NEXT_SPEED[this._state.speed]));
    save.addEventListener("click", () => this.onrequest(saveRequest(QUICK_SLOT)));
    load.addEventListener("click", () => this.onrequest(loadRequest(QUICK_SLOT)));
    confirmOnSecondPress(reset, "Really?", () => this.onrequest(resetRequest()), resetLabel);
    this._hold(rewind);
  }

  /** Rewind for as long as the button is held, by whatever holds it. */
  _hold(rewind) {
    const begin = (event) => {
      if (event.type === "keydown" && (event.repeat || ![" ", "Enter"].includes(event.key))) return;
      this._held.add("button");
      this._rewind(true);
    };
    const end = () => this._release("button");
    for (const type of ["pointerdown", "keydown"]) rewind.addEventListener(type, begin);
    for (const type of ["pointerup", "pointercancel", "pointerleave", "keyup", "blur"]) rewind.addEventListener(type, end);
    rewind.addEventListener("contextmenu", (event) => event.preventDefault()); // a long touch is no menu here
  }

  _down(event) {
    const { code, target } = event;
    if (!Object.hasOwn(this._presses, code) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest?.(TYPING) || (code === "Space" && target.closest?.(PRESSABLE))) return;
    event.preventDefault();
    if (event.repeat || this._held.has(code)) return;
    this._held.add(code);
    this._presses[code]();
  }

  _release(code) {
    if (this._held.delete(code)) this._releases[code]?.();
  }

  /** Release every held key: without the focus nothing tells us when it is let go of. */
  _letGo() {
    for (const code of [...this._held]) this._release(code);
  }

  _pause() {
    this.onrequest(pauseRequest(!this._state.paused));
  }

  _rewind(on) {
    this.onrequest(rewindRequest(on));
  }

  _speed(factor) {
    this.onrequest(speedRequest(factor));
  }
}
