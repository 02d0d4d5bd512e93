/** The keyboard as a pad: physical keys (KeyboardEvent.code) to libretro buttons, so the layout does not matter. */

import { BUTTON } from "../wire/input.js";

export const DEFAULT_KEYS = Object.freeze({
  ArrowUp: BUTTON.UP, ArrowDown: BUTTON.DOWN, ArrowLeft: BUTTON.LEFT, ArrowRight: BUTTON.RIGHT,
  KeyZ: BUTTON.B, KeyX: BUTTON.A, KeyA: BUTTON.Y, KeyS: BUTTON.X, KeyQ: BUTTON.L, KeyW: BUTTON.R,
  Enter: BUTTON.START, ShiftLeft: BUTTON.SELECT, ShiftRight: BUTTON.SELECT,
});

/** Here every key belongs to the page. */
const TYPING = "input, textarea, select, dialog, [contenteditable]";
/** Here Enter and Space press the focused thing, and the rest plays. */
const PRESSABLE = "button, a[href]";

export class Keyboard {
  /** `target` gets the key events (the window), `page` is the document, whose hiding releases all keys. */
  constructor(target, page, keys = DEFAULT_KEYS) {
    this._target = target;
    this._page = page;
    this._keys = keys;
    this._held = new Set();
    this._handlers = {
      keydown: (event) => this._down(event),
      keyup: (event) => this._up(event),
      blur: (event) => this._release(event.timeStamp),
      pagehide: (event) => this._release(event.timeStamp),
    };
    this._onhidden = (event) => page.hidden && this._release(event.timeStamp);
    /** (buttons, time): the mask of held libretro buttons and when the event happened. */
    this.onchange = (buttons, time) => {};
  }

  grab() {
    for (const [type, handler] of Object.entries(this._handlers)) this._target.addEventListener(type, handler);
    this._page.addEventListener("visibilitychange", this._onhidden);
  }

  ungrab() {
    for (const [type, handler] of Object.entries(this._handlers)) this._target.removeEventListener(type, handler);
    this._page.removeEventListener("visibilitychange", this._onhidden);
    this._held.clear();
  }

  _down(event) {
    const { code } = event;
    if (this._keys[code] === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target?.closest?.(TYPING)) return;
    if (code === "Enter" && event.target?.closest?.(PRESSABLE)) return;
    event.preventDefault();
    if (event.repeat || this._held.has(code)) return;
    this._held.add(code);
    this._changed(event.timeStamp);
  }

  _up(event) {
    // macOS sends no keyup for keys that are let go while Meta is down.
    if (event.code === "MetaLeft" || event.code === "MetaRight") {
      this._release(event.timeStamp);
      return;
    }
    const released = this._held.delete(event.code);
    const freed = this._freeShifts(event);
    if (!released && !freed) return;
    event.preventDefault();
    this._changed(event.timeStamp);
  }

  /** Release both Shift keys: Windows sends one keyup for the two. */
  _freeShifts(event) {
    if (event.shiftKey || !event.code.startsWith("Shift")) return false;
    const left = this._held.delete("ShiftLeft");
    return this._held.delete("ShiftRight") || left;
  }

  _release(time) {
    if (this._held.size === 0) return;
    this._held.clear();
    this._changed(time);
  }

  _changed(time) {
    let buttons = 0;
    for (const code of this._held) buttons |= 1 << this._keys[code];
    this.onchange(buttons, time);
  }
}
