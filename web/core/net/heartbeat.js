/**
 * Five pings a second on the input channel: the room's sign that we live, our measure of the round trip, and how a dead
 * path is noticed within a second. Any sign of the room counts as life, so a lost ping alone means nothing.
 */

import { encodePing } from "../wire/input.js";

const BEAT_MS = 200;
/**
 * A path is dead when nothing has come for this long after a ping. An outage of 500 ms ends before; so does any row of
 * lost packets that is not one outage. With the wait for the next ping and the next look it makes one second at most.
 */
const SILENCE_MS = 780;
/** A beat this late means that the page itself stood still: what arrived meanwhile has not been looked at yet. */
const LATE_MS = 2 * BEAT_MS;
/** Pings that are remembered; an echo that is older is no measure of anything. */
const REMEMBERED = 16;

export class Heartbeat {
  /** `send(bytes)`; `environment` has setInterval, clearInterval and now (ms). */
  constructor(send, environment) {
    this._send = send;
    this._environment = environment;
    this._timer = null;
    this._sent = new Map(); // sequence -> time
    this._sequence = 0;
    /** The last round trip in ms, or null. */
    this.rtt = null;
    /** Nothing has come for too long. Said once for each grab. */
    this.ondead = () => {};
  }

  grab() {
    this.ungrab();
    this._last = this._environment.now();
    this._late = false;
    this._unanswered = null; // when the first ping was sent that nothing came after
    this._timer = this._environment.setInterval(() => this._beat(), BEAT_MS);
    this._ping();
  }

  ungrab() {
    this._environment.clearInterval(this._timer);
    this._sent.clear();
    this._sequence = 0;
    this.rtt = null;
  }

  /** Take the echo of a ping. */
  echo(sequence) {
    this.alive();
    const sent = this._sent.get(sequence);
    if (sent === undefined) return;
    this._sent.delete(sequence);
    this.rtt = this._environment.now() - sent;
  }

  /** Note a sign of life from the room: a frame was shown, or a message read. */
  alive() {
    this._unanswered = null;
  }

  _beat() {
    const now = this._environment.now();
    const late = now - this._last > LATE_MS;
    // A hidden page's timers are late at every beat: then the second late one may judge.
    const judges = !late || this._late;
    this._last = now;
    this._late = late;
    if (judges && this._unanswered !== null && now - this._unanswered >= SILENCE_MS) {
      this.ungrab();
      this.ondead();
    } else {
      // In doubt each beat asks twice, so that losses that have nothing to do with each other don't add up to a death.
      if (this._unanswered !== null) this._ping();
      this._ping();
    }
  }

  _ping() {
    const now = this._environment.now();
    this._unanswered ??= now;
    this._sequence = (this._sequence + 1) >>> 0;
    this._sent.set(this._sequence, now);
    if (this._sent.size > REMEMBERED) this._sent.delete(this._sent.keys().next().value);
    this._send(encodePing(this._sequence));
  }
}
