/**
 * Our one media connection to a room: made ahead, tried (attempt.js), used, and closed before the next is made.
 *
 * Gives each new peer to `onpeer`, and says when it comes to nothing or breaks. Leaves to session.js what follows.
 */

import { Attempt } from "./attempt.js";
import { PreparedPeer } from "./prepared_peer.js";

/** After the room closed its channels, the coordinator's word on why may still be under way. */
const LAST_WORD_MS = 1500;
/** For a second connection to find its way to a gateway, while the first one still plays: a few round trips. */
const AHEAD_MS = 1500;

export class Connection {
  /**
   * `makePeer()` gives a PeerConnection or throws PeerConnectionError; `send(message)` sends to the coordinator and gives whether it could;
   * `environment` has setTimeout, clearTimeout and now (ms).
   */
  constructor(makePeer, send, environment) {
    this._prepared = new PreparedPeer(makePeer, environment);
    this._send = send;
    this._environment = environment;
    this._peer = null;
    this._attempt = null;
    this._closing = null;
    this._ahead = null;
    this.onpeer = (peer) => {}; // (peer): show its tracks; a new one for each attempt
    this.onprogress = (step) => {}; // (step): a key of words.PROGRESS
    this.onunsent = () => {}; // there was no connection to ask on
    this.onfail = (code) => {}; // (code): the attempt came to nothing
    this.onbroken = () => {}; // the connection had come up, and is gone
    this.onended = (words) => {}; // (words): the room said why it closes, and nobody said more
    this.onnotice = (notice) => {}; // (notice of the room channel)
  }

  /** Tell whether there is neither a connection nor an attempt at one. */
  get idle() {
    return this._peer === null;
  }

  /** Get the gateways' URLs that the present attempt was made with. */
  get gateways() {
    return this._peer.gateways;
  }

  /** Tell whether an attempt waits for the answer to what it asked. */
  get waits() {
    return Boolean(this._attempt?.asked && !this._attempt.answered);
  }

  /** Tell whether an attempt has not asked yet, or only on a socket that is gone. */
  get silent() {
    return Boolean(this._attempt && !this._attempt.asked);
  }

  /** Have a connection ready, if `wanted`: a fresh one, for the present settings. */
  prepare(wanted) {
    if (wanted) this._prepared.prepare();
    else this._prepared.drop();
  }

  /** Have a fresh connection find its way, then `act`; not if the present one is closed before. */
  getAhead(act) {
    if (this._ahead !== null) return;
    this._prepared.prepare();
    this._ahead = this._environment.setTimeout(act, AHEAD_MS);
  }

  /** Begin an attempt; an earlier connection is closed. `message(offer)` asks for the room, `limits` are of attempt.js. */
  open(message, limits) {
    this.close();
    let peer;
    try {
      peer = this._prepared.take();
    } catch (/** @type {any} */ error) {
      this.onfail(error.code);
      return;
    }
    const attempt = new Attempt(peer, message, limits, this._send, this._environment);
    this._peer = peer;
    this._attempt = attempt;
    this._listen(peer, attempt);
    this.onpeer(peer);
    attempt.ask();
  }

  /** Ask on a socket that has just opened. */
  ask() {
    this._attempt?.ask();
  }

  /** Forget a question that was not answered: its socket is gone. */
  forget() {
    if (this._attempt && this.waits) this._attempt.asked = false;
  }

  accept(answer) {
    this._attempt?.accept(answer);
  }

  /** End the attempt, as a first frame is on the screen. False if it is not up yet, or was over before. */
  shown() {
    if (!this._attempt?.connected) return false;
    this._endAttempt();
    return true;
  }

  /** Give the attempt up, as one that failed with this code. */
  fail(code) {
    this._attempt?.fail(code);
  }

  /** Send a request of wire/ to the room. False if it can't be sent now. */
  request(message) {
    return Boolean(this._peer?.request(message));
  }

  close() {
    this._environment.clearTimeout(this._closing?.timer);
    this._environment.clearTimeout(this._ahead);
    this._closing = this._ahead = null;
    this._endAttempt();
    this._peer?.close();
    this._peer = null;
  }

  _endAttempt() {
    this._attempt?.end();
    this._attempt = null;
  }

  _listen(peer, attempt) {
    attempt.onprogress = (step) => this.onprogress(step);
    attempt.onfail = (code) => this.onfail(code);
    attempt.onunsent = () => this.onunsent();
    peer.onnotice = (notice) => (notice.type === "ended" ? this._closes(notice.message) : this.onnotice(notice));
    peer.onclosed = () => this._closes();
    peer.onstate = (state) => {
      if (this._attempt === attempt) attempt.connectionChanged(state);
      else if (state === "failed") this.onbroken();
    };
  }

  /** Wait for the coordinator's word on whether the game goes on, after the room closed its side. */
  _closes(words = "") {
    const said = words || (this._closing?.said ?? "");
    this._environment.clearTimeout(this._closing?.timer);
    const timer = this._environment.setTimeout(() => {
      if (said) this.onended(said);
      else if (this._attempt) this._attempt.fail("blocked");
      else this.onbroken();
    }, LAST_WORD_MS);
    this._closing = { timer, said };
  }
}
