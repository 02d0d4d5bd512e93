/**
 * The WebSocket to the coordinator, opened again by itself whenever it goes.
 *
 * Gives parsed messages only. What they mean is session.js's business.
 */

import { parseEvent } from "../wire/coordinator.js";

/** Waits between attempts, in ms; the last one is repeated. A restart of the server is bridged in about a second. */
const BACKOFF_MS = [500, 1000, 2000, 4000, 8000];
/** Up to this share is added at random, so that a server that comes back does not meet all pages at one instant. */
const JITTER = 0.3;
/** A socket that neither opens nor closes (a silent firewall) is given up after this. */
const OPEN_LIMIT_MS = 8000;

export class Signalling {
  /** `environment` has WebSocket, setTimeout, clearTimeout and random; tests give their own. */
  constructor(url, environment) {
    this._url = url;
    this._environment = environment;
    this._socket = null;
    this._timer = null;
    this._attempt = 0;
    this._wanted = false;
    /** A message of the coordinator, parsed. */
    this.onmessage = (message) => {};
    /** The socket closed or could not be opened; the next attempt is in `delay` ms. */
    this.onlost = (delay) => {};
    /** Something came that is no message. */
    this.ongarbage = () => {};
  }

  get connected() {
    return this._socket?.readyState === 1;
  }

  open() {
    this._wanted = true;
    if (!this._socket) this._connect();
  }

  /** Stop waiting for the back-off: the player pressed a button, or the network came back. */
  hurry() {
    if (!this._wanted || this._socket) return;
    this._attempt = 0;
    this._connect();
  }

  /** Drop a connection on which nothing is heard, and open another at once. */
  renew() {
    const socket = this._socket;
    if (!socket) {
      this.hurry();
      return;
    }
    socket.close();
    this._closed(socket);
    this.hurry();
  }

  close() {
    this._wanted = false;
    this._clearTimer();
    this._socket?.close();
  }

  /** Send a message of wire/coordinator.js. False if there is no connection: nothing is queued for a later one. */
  send(message) {
    if (!this.connected) return false;
    this._socket.send(JSON.stringify(message));
    return true;
  }

  _connect() {
    this._clearTimer();
    const socket = new this._environment.WebSocket(this._url);
    this._socket = socket;
    socket.onopen = () => this._clearTimer();
    socket.onmessage = (event) => this._receive(event.data);
    socket.onclose = () => this._closed(socket);
    this._timer = this._environment.setTimeout(() => {
      socket.close();
      // A browser may take a minute to report the close of a socket that never opened.
      this._closed(socket);
    }, OPEN_LIMIT_MS);
  }

  _receive(data) {
    const message = parseEvent(data);
    if (!message) {
      this.ongarbage();
      return;
    }
    // Only a server that lets us in resets the back-off: a full one or a proxy's error page must not be hammered.
    if (message.type !== "refused") this._attempt = 0;
    this.onmessage(message);
  }

  _closed(socket) {
    if (socket !== this._socket) return;
    this._socket = null;
    this._clearTimer();
    if (!this._wanted) return;
    const wait = BACKOFF_MS[Math.min(this._attempt, BACKOFF_MS.length - 1)];
    const delay = Math.round(wait * (1 + JITTER * this._environment.random()));
    this._attempt++;
    this._timer = this._environment.setTimeout(() => this._connect(), delay);
    this.onlost(delay);
  }

  _clearTimer() {
    this._environment.clearTimeout(this._timer);
    this._timer = null;
  }
}
