/**
 * What the player is doing, from the first connection to the last frame: the one place that changes the page's state.
 *
 * Signalling, peers and timers are given to it, and it shows nothing itself: main.js puts its callbacks on the screen.
 */

import { announced } from "./ice.js";
import { NOTICE, failure } from "./messages.js";
import { FIRST, next } from "./states.js";
import { candidateMessage, joinMessage, leaveMessage, startMessage } from "./wire.js";

/** A cold worker loads a core in under a second; a busy one gets the benefit of the doubt. */
const ANSWER_LIMIT_MS = 20_000;
/** ICE tries its candidates for about 15 s before it calls itself failed; some browsers never say so. */
const CONNECT_LIMIT_MS = 15_000;
const PICTURE_LIMIT_MS = 5000;
/** After the room closed its channels, the coordinator's word on why may still be under way. */
const LAST_WORD_MS = 1500;
/** A prepared connection is replaced at this age: NAT bindings and TURN credentials don't live for ever. */
const PREPARED_LIMIT_MS = 180_000;

export class Session {
  /**
   * `makePeer(ice)` gives, for what ice.announced gives, a Peer or throws PeerError; `settings` is read for the upscaling;
   * `environment` has setTimeout, clearTimeout and now (ms).
   */
  constructor(signalling, makePeer, settings, environment) {
    this._signalling = signalling;
    this._makePeer = makePeer;
    this._settings = settings;
    this._environment = environment;
    this.state = FIRST;
    /** The room that we are in, once started: {id, seat, game}. */
    this.room = null;
    /** The gateways as last announced: {iceServers, relayOnly}; null before the first welcome. */
    this.ice = null;
    this._prepared = null;
    this._peer = null;
    this._request = null;
    this._wish = null;
    this._deadline = null;
    this._refresh = null;
    this._failure = null;
    this.onstate = () => {}; // (state, failure or null)
    this.ongames = () => {}; // (games)
    this.onpeer = () => {}; // (peer): show its tracks; a new one for each attempt
    this.onprogress = () => {}; // (step): a key of messages.PROGRESS
    this.onstarted = () => {}; // (room)
    this.onnotice = () => {}; // (notice of the room channel)
    this.onwords = () => {}; // (sentence): something to know that stops nothing
    signalling.onmessage = (message) => this._received(message);
    signalling.onlost = () => this._lost();
    signalling.ongarbage = () => this._garbage();
  }

  // ----- what the player does

  start(game) {
    this._wish = null;
    this._begin({ title: game.title, message: (offer) => startMessage(game.id, offer, { scale: this._settings.get("scale") }) });
  }

  /** Join a room by its id: now, or as soon as the coordinator has said welcome. */
  join(room) {
    const request = { title: "the room", message: (offer) => joinMessage(room, offer) };
    if (this.state === "library") this._begin(request);
    else if (this.state === "connecting") this._wish = request;
  }

  /** Back to the library, from a game or from a failure. */
  leave() {
    if (this._peer) this._signalling.send(leaveMessage());
    this._toLibrary();
  }

  /** Do again what failed. */
  retry() {
    if (this._signalling.connected && this._request) {
      this._begin(this._request);
    } else if (this._signalling.connected) {
      this._toLibrary();
    } else {
      this._wish ??= this._request;
      this._go("lost");
      this._signalling.hurry();
    }
  }

  /** What is being started or played, for titles. */
  get title() {
    return this.room?.game.title ?? this._request?.title ?? "";
  }

  /** Get a connection ready, so that a click has only to send its offer. Again after a change of the settings. */
  prepare() {
    this._dropPrepared();
    if (this.state !== "library") return;
    try {
      this._prepared = { peer: this._makePeer(this.ice), at: this._environment.now() };
    } catch {
      // Said when a game is started: until then the library may be looked at.
    }
    this._refresh = this._environment.setTimeout(() => this.prepare(), PREPARED_LIMIT_MS);
  }

  /** The first frame is on the screen. */
  pictureShown() {
    if (this.state !== "starting") return;
    this._limit(null);
    this._go("picture");
  }

  // ----- what the coordinator says

  _received(message) {
    const handler = {
      welcome: this._welcomed, ice_servers: this._announced, library: this._listed,
      started: this._started, refused: this._refused, ended: this._ended,
    }[message.type];
    handler?.call(this, message);
  }

  _welcomed(message) {
    this._announced(message);
    this.ongames(message.games);
    if (this.state === "playing") this.onwords(NOTICE.serverBack);
    if (this.state !== "connecting" && this._failure?.code !== "unreachable") return;
    this._go("welcome");
    if (this._wish) this._begin(this._wish);
    else this.prepare();
  }

  /** For connections made from now on: one that starts or plays keeps its way. */
  _announced(message) {
    const ice = announced(message);
    if (JSON.stringify(ice) === JSON.stringify(this.ice)) return;
    this.ice = ice;
    if (this.state === "library") this.prepare();
  }

  _listed(message) {
    this.ongames(message.games);
  }

  async _started(message) {
    const peer = this._peer;
    if (this.state !== "starting" || !peer || this.room) return; // the answer to a start that the player has left
    this.room = { id: message.room, seat: message.seat, game: message.game };
    this.onprogress("connecting");
    this._limit(CONNECT_LIMIT_MS, "blocked");
    this.onstarted(this.room);
    try {
      await peer.accept(message.answer);
    } catch (error) {
      if (peer === this._peer) this._fail(error.code ?? "answer");
    }
  }

  _refused(message) {
    if (this.state === "starting") this._fail("refused", message.message);
  }

  _ended(message) {
    if (this._peer) this._fail("ended", message.message);
  }

  _lost() {
    if (this.state === "library") {
      this._dropPrepared();
      this._go("lost");
    } else if (this.state === "connecting") {
      this._fail("unreachable");
    } else if (this.state === "starting") {
      this._fail("lost");
    } else if (this.state === "playing") {
      this.onwords(NOTICE.serverLost);
    }
  }

  _garbage() {
    if (this.state === "connecting" || this.state === "starting") this._fail("garbage");
    else this.onwords(NOTICE.unreadable);
  }

  // ----- one attempt to play

  _begin(request) {
    this._wish = null;
    this._request = request;
    this._go("start");
    let peer;
    try {
      peer = this._takePeer();
    } catch (error) {
      this._fail(error.code);
      return;
    }
    this._peer = peer;
    this._listenTo(peer);
    this.onpeer(peer);
    this.onprogress("asking");
    this._limit(ANSWER_LIMIT_MS, "no_answer");
    if (peer.offer) this._send(peer);
    else peer.prepared.then(() => this._send(peer), (error) => peer === this._peer && this._fail(error.code));
  }

  _takePeer() {
    const prepared = this._prepared;
    this._prepared = null;
    const fresh = prepared && this._environment.now() - prepared.at < 2 * PREPARED_LIMIT_MS;
    if (fresh) return prepared.peer;
    prepared?.peer.close(); // a hidden tab's timers may have slept too long
    return this._makePeer(this.ice);
  }

  _send(peer) {
    if (peer !== this._peer) return;
    const gathered = peer.gathered;
    if (!this._signalling.send(this._request.message(peer.offer))) {
      this._fail("lost");
      return;
    }
    peer.oncandidate = (init) => this._signalling.send(candidateMessage(init));
    if (gathered) this._signalling.send(candidateMessage(null));
  }

  _listenTo(peer) {
    peer.onnotice = (notice) => (notice.type === "ended" ? this._ended(notice) : this.onnotice(notice));
    peer.onclosed = () => this._limit(LAST_WORD_MS, "cut");
    peer.onstate = (state) => this._connectionChanged(state);
  }

  _connectionChanged(connection) {
    if (this.state === "starting" && connection === "connected") {
      this.onprogress("waiting");
      this._limit(PICTURE_LIMIT_MS, "no_picture");
    }
    if (connection === "failed") this._fail(this.state === "starting" ? "blocked" : "cut");
    if (this.state !== "playing") return;
    if (connection === "disconnected") this.onwords(NOTICE.interrupted);
    if (connection === "connected") this.onwords(NOTICE.resumed);
  }

  _toLibrary() {
    this._endAttempt();
    this._request = null;
    this._go("leave");
    if (this._signalling.connected) this.prepare();
    else this._go("lost");
  }

  _fail(code, said) {
    // The coordinator holds a seat for us until it hears that we are gone.
    if (this._peer && code !== "refused" && code !== "ended") this._signalling.send(leaveMessage());
    this._endAttempt();
    this._dropPrepared();
    this._go("fail", failure(code, said));
  }

  _endAttempt() {
    this._limit(null);
    this._peer?.close();
    this._peer = null;
    this.room = null;
  }

  _dropPrepared() {
    this._environment.clearTimeout(this._refresh);
    this._prepared?.peer.close();
    this._prepared = null;
  }

  /** Fail with `code` in `milliseconds` unless something better happens; null lifts the limit. */
  _limit(milliseconds, code) {
    this._environment.clearTimeout(this._deadline);
    this._deadline = milliseconds === null ? null : this._environment.setTimeout(() => this._fail(code), milliseconds);
  }

  _go(happening, failed = null) {
    this.state = next(this.state, happening);
    this._failure = failed;
    this.onstate(this.state, failed);
  }
}
