/**
 * One attempt to get a picture: the offer goes out, the answer comes in, the connection comes up, a frame is shown; each
 * step has its limit. What a failure means, and what happens then, is session.js's business.
 */

import { candidateMessage } from "../wire/coordinator.js";

/** Milliseconds for each step, when a person has clicked and gets words if it fails. */
export const PATIENT = Object.freeze({
  /** A cold worker loads a core in under a second; a busy one gets the benefit of the doubt. */
  answer: 20_000,
  /** ICE tries its candidates for about 15 s before it calls itself failed; some browsers never say so. */
  connection: 15_000,
  picture: 5000,
});

/** When the page tries again by itself: what takes longer had better begin anew, since networks change meanwhile. */
export const BRISK = Object.freeze({ answer: 8000, connection: 5000, picture: 4000 });

export class Attempt {
  /**
   * `message(offer)` is what asks for the room; `send(message)` gives whether there was a connection for it;
   * `environment` has setTimeout and clearTimeout.
   */
  constructor(peer, message, limits, send, environment) {
    this.peer = peer;
    this._message = message;
    this._limits = limits;
    this._send = send;
    this._environment = environment;
    this._timer = null;
    this._over = false;
    /** The coordinator knows that we want in. */
    this.asked = false;
    this.answered = false;
    this.connected = false;
    this.onprogress = (step) => {}; // (step): a key of words.PROGRESS
    this.onunsent = () => {}; // there was no connection to ask on
    this.onfail = (code) => {}; // (code): a key of words.js
  }

  /** Ask for the room, now or when the offer is ready; again where there was nobody to ask. */
  ask() {
    this.onprogress("asking");
    this._limit("answer", "no_answer");
    if (this.peer.offer) this._ask();
    else this.peer.prepared.then(() => this._ask(), (error) => this.fail(error.code));
  }

  /** Take the room's answer. */
  async accept(answer) {
    this.answered = true;
    this.onprogress("connecting");
    this._limit("connection", "blocked");
    try {
      await this.peer.accept(answer);
    } catch (/** @type {any} */ error) {
      this.fail(error.code ?? "answer");
    }
  }

  /** Take a change of the connection's state (RTCPeerConnectionState). */
  connectionChanged(state) {
    if (this._over) return;
    if (state === "failed") this.fail("blocked");
    if (state !== "connected") return;
    this.connected = true;
    this.onprogress("waiting");
    this._limit("picture", "no_picture");
  }

  fail(code) {
    if (this._over) return;
    this.end();
    this.onfail(code);
  }

  /** End the attempt, good or bad, and say nothing more of it. The connection is left as it is. */
  end() {
    this._over = true;
    this._environment.clearTimeout(this._timer);
  }

  _ask() {
    if (this._over || this.asked) return;
    const { peer } = this;
    const gathered = peer.gathered;
    if (!this._send(this._message(peer.offer))) {
      this.onunsent();
      return;
    }
    this.asked = true;
    peer.oncandidate = (init) => this._send(candidateMessage(init));
    if (gathered) this._send(candidateMessage(null));
  }

  /** Fail with `code` if this step takes longer than it may. */
  _limit(step, code) {
    this._environment.clearTimeout(this._timer);
    this._timer = this._environment.setTimeout(() => this.fail(code), this._limits[step]);
  }
}
