/**
 * The player's pad: what all devices hold, merged into one state, and when that state is sent.
 *
 * A change is sent inside the event that made it. Datagrams may be lost, so each carries the last states as well, and
 * is repeated: three times at once after a change, then at a slow beat. The latest state wins; nothing is queued.
 */

import { PadDatagram } from "../wire/input.js";

/** Waits between the repeats after a change, in ms: all within 50 ms, further apart each time to outlive a burst of loss. */
const QUICK_MS = [8, 16, 24];
/** While something is held a lost release would show: repeat it faster than when all is quiet. */
const HELD_MS = 100;
const IDLE_MS = 250;
const AXES = 6;

/** One device's share of the pad. Written by the device, read by the pad. */
class Share {
  constructor(pad) {
    this._pad = pad;
    this.buttons = 0;
    this.axes = new Int16Array(AXES);
  }

  /** Set what the device holds now. `time` is when it happened, in ms of performance.now(). `axes` may be left out. */
  update(buttons, time, axes = null) {
    this.buttons = buttons;
    if (axes) this.axes.set(axes);
    this._pad._merge(time);
  }

  clear() {
    this.buttons = 0;
    this.axes.fill(0);
  }
}

export class Pad {
  /** `send(bytes)` must be done with the bytes when it returns. `environment` has setTimeout and clearTimeout. */
  constructor(send, environment) {
    this._send = send;
    this._environment = environment;
    this._shares = [];
    this._datagram = new PadDatagram();
    this._buttons = 0;
    this._axes = new Int16Array(AXES);
    this._merged = new Int16Array(AXES);
    this._timer = null;
    this._repeats = 0;
    this._grabbed = false;
    this._repeat = this._repeat.bind(this);
    /** A new state was sent under this sequence number, for an event of this time. */
    this.onsent = (sequence, time) => {};
  }

  share() {
    const share = new Share(this);
    this._shares.push(share);
    return share;
  }

  /** Send from now on, with nothing held. The numbers are the connection's, and go on. */
  grab() {
    this.ungrab();
    this._begin(this._datagram.sequence);
    for (const share of this._shares) share.clear();
    this._grabbed = true;
    this._push();
  }

  /**
   * Begin anew for a connection that has just opened: its numbers begin at 1. If the pad is in use, what is held
   * stays held. Any later would be too late: the room takes no number that is lower than one that it has had.
   */
  renew(time) {
    this._begin(0);
    if (!this._grabbed) return;
    this._push();
    this._merge(time);
  }

  ungrab() {
    this._grabbed = false;
    this._environment.clearTimeout(this._timer);
  }

  /** Let everything go, whatever the devices hold: the page is hidden, and they may not tell us any more. */
  release(time) {
    for (const share of this._shares) share.clear();
    this._merge(time);
  }

  _merge(time) {
    if (!this._grabbed) return;
    let buttons = 0;
    this._merged.fill(0);
    for (const share of this._shares) {
      buttons |= share.buttons;
      for (let axis = 0; axis < AXES; axis++) {
        if (Math.abs(share.axes[axis]) > Math.abs(this._merged[axis])) this._merged[axis] = share.axes[axis];
      }
    }
    if (buttons === this._buttons && this._merged.every(isSame, this._axes)) return;
    this._buttons = buttons;
    this._axes.set(this._merged);
    this._push();
    this.onsent(this._datagram.sequence, time);
  }

  _begin(sequence) {
    this._datagram = new PadDatagram(sequence);
    this._buttons = 0;
    this._axes.fill(0);
  }

  _push() {
    this._datagram.push(this._buttons, this._axes);
    this._send(this._datagram.bytes);
    this._repeats = 0;
    this._schedule();
  }

  _repeat() {
    this._send(this._datagram.bytes);
    this._repeats++;
    this._schedule();
  }

  _schedule() {
    const slow = this._buttons !== 0 ? HELD_MS : IDLE_MS;
    this._environment.clearTimeout(this._timer);
    this._timer = this._environment.setTimeout(this._repeat, QUICK_MS[this._repeats] ?? slow);
  }
}

/**
 * For `every`, with the other array as `this`.
 * @this {Int16Array}
 */
function isSame(value, index) {
  return value === this[index];
}
