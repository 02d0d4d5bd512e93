/** A connection that is made before it is needed, so that a click has only to send its offer. */

/** It is replaced at this age: NAT bindings and TURN credentials don't live for ever. */
const LIMIT_MS = 180_000;

export class PreparedPeer {
  /** `make()` gives a PeerConnection or throws PeerConnectionError; `environment` has setTimeout, clearTimeout and now (ms). */
  constructor(make, environment) {
    this._make = make;
    this._environment = environment;
    this._peer = null;
    this._at = 0;
    this._refresh = null;
  }

  /** Have one ready from now on, a fresh one in place of an old one. */
  prepare() {
    this.drop();
    try {
      this._peer = this._make();
      this._at = this._environment.now();
    } catch {
      // Said when a game is started: until then the library may be looked at.
    }
    this._refresh = this._environment.setTimeout(() => this.prepare(), LIMIT_MS);
  }

  /** Give the prepared one, or a new one. Throws PeerConnectionError. */
  take() {
    const peer = this._peer;
    this._peer = null;
    this._environment.clearTimeout(this._refresh);
    if (peer && this._environment.now() - this._at < 2 * LIMIT_MS) return peer;
    peer?.close(); // a hidden tab's timers may have slept too long
    return this._make();
  }

  drop() {
    this._environment.clearTimeout(this._refresh);
    this._peer?.close();
    this._peer = null;
  }
}
