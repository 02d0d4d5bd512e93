/**
 * Gamepads of the W3C standard mapping. All that are connected act as one pad.
 *
 * The Gamepad API has no events for buttons, so it is polled at each animation frame, but only while there is a pad.
 */

import { BUTTON } from "../wire/input.js";

/** W3C button number -> libretro button: both go by position, so the lower button is libretro's B. */
const STANDARD = [
  BUTTON.B, BUTTON.A, BUTTON.Y, BUTTON.X, BUTTON.L, BUTTON.R, BUTTON.L2, BUTTON.R2,
  BUTTON.SELECT, BUTTON.START, BUTTON.L3, BUTTON.R3, BUTTON.UP, BUTTON.DOWN, BUTTON.LEFT, BUTTON.RIGHT,
];
const LEFT_TRIGGER = 6;
const RIGHT_TRIGGER = 7;

/** Sticks rest off their centre by up to this share. */
const DEAD_ZONE = 0.15;
/** A stick that is pushed this far also presses the direction pad, for games that know no stick. */
const DIRECTION = 0.5;
const RUMBLE_MS = 200;
const FULL_STRENGTH = 0xffff;

export class Gamepads {
  /** `target` is the window, `navigator` has getGamepads(); `environment` has requestAnimationFrame, its cancel, now. */
  constructor(target, navigator, environment) {
    this._target = target;
    this._navigator = navigator;
    this._environment = environment;
    this._frame = null;
    this._poll = this._poll.bind(this);
    this._wake = this._wake.bind(this);
    this._buttons = 0;
    this._axes = new Int16Array(6);
    /** (buttons, time, axes): called at every poll; the pad finds out what changed. */
    this.onchange = (buttons, time, axes) => {};
  }

  grab() {
    this._target.addEventListener("gamepadconnected", this._wake);
    this._wake();
  }

  ungrab() {
    this._target.removeEventListener("gamepadconnected", this._wake);
    if (this._frame !== null) this._environment.cancelAnimationFrame(this._frame);
    this._frame = null;
  }

  /** Shake all pads: strengths 0 to 65535, as libretro gives them. */
  rumble(strong, weak) {
    const effect = {
      duration: RUMBLE_MS, strongMagnitude: strong / FULL_STRENGTH, weakMagnitude: weak / FULL_STRENGTH,
    };
    for (const gamepad of this._connected()) {
      gamepad.vibrationActuator?.playEffect?.("dual-rumble", effect).catch(() => {}); // a pad without motors
    }
  }

  _connected() {
    const gamepads = this._navigator.getGamepads?.() ?? [];
    return gamepads.filter((gamepad) => gamepad?.connected);
  }

  _wake() {
    if (this._frame === null && this._connected().length > 0) this._poll();
  }

  _poll() {
    this._buttons = 0;
    this._axes.fill(0);
    const gamepads = this._connected();
    for (const gamepad of gamepads) this._read(gamepad);
    // With the last pad gone this releases whatever it held.
    this._frame = gamepads.length > 0 ? this._environment.requestAnimationFrame(this._poll) : null;
    this.onchange(this._buttons, this._environment.now(), this._axes);
  }

  _read(gamepad) {
    const count = Math.min(gamepad.buttons.length, STANDARD.length);
    for (let index = 0; index < count; index++) {
      if (gamepad.buttons[index].pressed) this._buttons |= 1 << STANDARD[index];
    }
    for (let axis = 0; axis < 4; axis++) this._push(axis, settled(gamepad.axes[axis] ?? 0));
    this._push(4, gamepad.buttons[LEFT_TRIGGER]?.value ?? 0);
    this._push(5, gamepad.buttons[RIGHT_TRIGGER]?.value ?? 0);
    this._buttons |= directions(gamepad.axes[0] ?? 0, gamepad.axes[1] ?? 0);
  }

  _push(axis, value) {
    const level = Math.round(Math.max(-1, Math.min(1, value)) * 32767);
    if (Math.abs(level) > Math.abs(this._axes[axis])) this._axes[axis] = level;
  }
}

function settled(value) {
  return Math.abs(value) < DEAD_ZONE ? 0 : value;
}

function directions(x, y) {
  let buttons = 0;
  if (x < -DIRECTION) buttons |= 1 << BUTTON.LEFT;
  if (x > DIRECTION) buttons |= 1 << BUTTON.RIGHT;
  if (y < -DIRECTION) buttons |= 1 << BUTTON.UP;
  if (y > DIRECTION) buttons |= 1 << BUTTON.DOWN;
  return buttons;
}
