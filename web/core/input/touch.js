/**
 * The pad on the glass: a direction pad that a thumb can slide over, and buttons that it can slide between.
 *
 * Works on the elements that index.html gives: one [data-dpad], and any number of [data-button] (libretro number).
 */

import { BUTTON } from "../wire/input.js";

/** From the middle of the direction pad to where it begins, as a share of its half width. */
const DEAD_ZONE = 0.22;
/** A thumb is wider than a button: this many px around one still press it. */
const SLACK_PX = 10;

/** The direction pad in eighths of a turn, from the right clockwise (y grows downwards). */
const EIGHTHS = [
  [BUTTON.RIGHT], [BUTTON.RIGHT, BUTTON.DOWN], [BUTTON.DOWN], [BUTTON.DOWN, BUTTON.LEFT],
  [BUTTON.LEFT], [BUTTON.LEFT, BUTTON.UP], [BUTTON.UP], [BUTTON.UP, BUTTON.RIGHT],
].map((buttons) => buttons.reduce((mask, button) => mask | (1 << button), 0));

/** Find the buttons for a thumb at (x, y) from the middle of the direction pad, both as a share of its half width. */
export function direction(x, y) {
  if (Math.hypot(x, y) < DEAD_ZONE) return 0;
  const eighth = Math.round(Math.atan2(y, x) / (Math.PI / 4));
  return EIGHTHS[(eighth + 8) % 8];
}

export class TouchPad {
  constructor(element) {
    this._element = element;
    this._thumbs = new Map(); // pointer id -> what it holds
    this._buttons = 0;
    this._handlers = {
      pointerdown: (event) => this._moved(event, true),
      pointermove: (event) => this._moved(event, false),
      pointerup: (event) => this._lifted(event),
      pointercancel: (event) => this._lifted(event),
      contextmenu: (event) => event.preventDefault(),
    };
    /** (buttons, time) */
    this.onchange = (buttons, time) => {};
  }

  /** Show the pad while it is in use: one under the thumbs of somebody who only watches would seem to be broken. */
  grab() {
    this._element.hidden = false;
    for (const [type, handler] of Object.entries(this._handlers)) this._element.addEventListener(type, handler);
  }

  ungrab() {
    this._element.hidden = true;
    for (const [type, handler] of Object.entries(this._handlers)) this._element.removeEventListener(type, handler);
    this._thumbs.clear();
    this._buttons = 0;
    this._paint();
  }

  _moved(event, down) {
    if (!down && !this._thumbs.has(event.pointerId)) return;
    event.preventDefault();
    this._thumbs.set(event.pointerId, this._under(event, this._thumbs.get(event.pointerId)));
    this._changed(event.timeStamp);
  }

  _lifted(event) {
    if (this._thumbs.delete(event.pointerId)) this._changed(event.timeStamp);
  }

  /** Find what a thumb holds: {zone, buttons}. Once it is on the direction pad it stays there until it is lifted. */
  _under(event, before) {
    if (!before || before.zone === "dpad") {
      const box = this._element.querySelector("[data-dpad]").getBoundingClientRect();
      if (before || contains(box, event, SLACK_PX)) return { zone: "dpad", buttons: onDpad(box, event) };
    }
    for (const key of this._element.querySelectorAll("[data-button]")) {
      const box = key.getBoundingClientRect();
      if (box.width > 0 && contains(box, event, SLACK_PX)) return { zone: "keys", buttons: 1 << Number(key.dataset.button) };
    }
    return { zone: "keys", buttons: 0 };
  }

  _changed(time) {
    let buttons = 0;
    for (const thumb of this._thumbs.values()) buttons |= thumb.buttons;
    if (buttons === this._buttons) return;
    this._buttons = buttons;
    this.onchange(buttons, time);
    this._paint();
  }

  _paint() {
    for (const key of this._element.querySelectorAll("[data-button], [data-direction]")) {
      const button = Number(key.dataset.button ?? key.dataset.direction);
      key.classList.toggle("held", (this._buttons >> button & 1) === 1);
    }
  }
}

function contains(box, event, slack) {
  return event.clientX >= box.left - slack && event.clientX <= box.right + slack
    && event.clientY >= box.top - slack && event.clientY <= box.bottom + slack;
}

function onDpad(box, event) {
  const half = box.width / 2;
  return direction((event.clientX - box.left - half) / half, (event.clientY - box.top - box.height / 2) / half);
}
