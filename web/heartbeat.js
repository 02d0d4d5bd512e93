/** A ping each second on the input channel: the room's sign that we live, and our measure of the round trip. */

import { encodePing } from "./wire.js";

const BEAT_MS = 1000;
/** Pings that are remembered; an echo that is older is no measure of anything. */
const REMEMBERED = 8;

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
  }

  grab() {
    this.ungrab();
    this._timer = this._environment.setInterval(() => this._beat(), BEAT_MS);
    this._beat();
  }

  ungrab() {
    this._environment.clearInterval(this._timer);
    this._sent.clear();
    this._sequence = 0;
    this.rtt = null;
  }

  /** The echo of a ping arrived. */
  echo(sequence) {
    const sent = this._sent.get(sequence);
    if (sent === undefined) return;
    this._sent.delete(sequence);
    this.rtt = this._environment.now() - sent;
  }

  _beat() {
    this._sequence = (this._sequence + 1) >>> 0;
    this._sent.set(this._sequence, this._environment.now());
    if (this._sent.size > REMEMBERED) this._sent.delete(this._sent.keys().next().value);
    this._send(encodePing(this._sequence));
  }
}
