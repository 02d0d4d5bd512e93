/**
 * What the player is doing, from the first connection to the last frame: the one place that changes the page's state.
 *
 * Signalling, peers and timers are given to it, and it shows nothing itself: main.js puts its callbacks on the screen.
 * Leaves the media connection to connection.js, and when to try again to retries.js.
 */

import { BRISK, PATIENT } from "../net/attempt.js";
import { Connection } from "../net/connection.js";
import { announced } from "../net/ice.js";
import { NOTICE, failure } from "./words.js";
import { Retries } from "../net/retries.js";
import { FIRST, isGame, next } from "./states.js";
import { backMessage, joinMessage, leaveMessage, measuredMessage, startMessage } from "../wire/coordinator.js";

/** What may be otherwise a moment later, with what keeps the game from being shown. Anything else is final. */
const PASSING_FAILURES = ["no_answer", "not_now", "blocked", "no_picture"];
const PASSING_REFUSALS = ["worker_silent", "no_workers", "no_seats", "too_many_players"];
/** Ends that are not the game's, by the coordinator's codes; words.js has titles for them. */
const ENDS = ["elsewhere", "removed"];
/** Failures that are over as soon as the coordinator lets us in. */
const OUTSIDE = ["unreachable", "turned_away"];
/** Failures that the coordinator has told us of, so it holds no seat for us. */
const TOLD = ["refused", "not_let_in", "ended", "gone", ...ENDS];

export class Session {
  /**
   * `makePeer(ice)` gives, for what ice.announced gives, a PeerConnection or throws PeerConnectionError; `player()` gives what a start or a
   * join says of us: {profile, name, scale, listed, region}; `regions` of regions.js knows the gateways to ask; `seatTokens`
   * keeps our way back; `environment` has setTimeout, clearTimeout and now (ms).
   */
  constructor({ signalling, makePeer, player, regions, seatTokens, environment }) {
    this._signalling = signalling;
    this._player = player;
    this._regions = regions;
    this._seatTokens = seatTokens;
    this._connection = new Connection(() => makePeer(this._nearIce()), (message) => signalling.send(message), environment);
    this._retries = new Retries(environment);
    this._backs = new Retries(environment);
    this.state = FIRST;
    /**
     * The room that we are in, once started: {id, seat, game, member, region}.
     * @type {any}
     */
    this.room = null;
    /** Who is in it and who is the host, as last said (`room_state`); null before. */
    this.people = null;
    /** The gateways as last announced: {iceServers, relayOnly}; null before the first welcome. */
    this.ice = null;
    this._seatToken = null;
    this._request = null;
    this._wish = null;
    this._saidBack = false;
    this._failure = null;
    this.onstate = (state, failure) => {}; // (state, failure or null)
    this.ongames = (games) => {}; // (games)
    this.onrooms = (rooms) => {}; // (listed rooms)
    this.onstarted = (room) => {}; // (room)
    this.onpeople = (people, before) => {}; // (people, those before or null)
    this.onwords = (sentence) => {}; // (sentence): something to know that stops nothing
    this.onwhy = (sentence) => {}; // (sentence): why the picture stands still
    regions.onmeasured = () => isGame(this.state) && signalling.send(measuredMessage(regions.delays));
    signalling.onmessage = (message) => this._received(message);
    signalling.onlost = () => this._lost();
    signalling.ongarbage = () => this._garbage();
    this._connection.onunsent = () => this.state === "starting" && this._fail("lost");
    this._connection.onfail = (code) => this._attemptFailed(code);
    this._connection.onbroken = () => this.broken();
    this._connection.onended = (words) => this._fail("ended", words);
  }

  /** For `onpeer` (a new one with tracks to show), `onprogress` (a key of words.PROGRESS) and `onnotice`. */
  listen(callbacks) {
    Object.assign(this._connection, callbacks);
  }

  // ----- what the player does

  start(game) {
    this._begin(this._starting(game));
  }

  /** Join a room by its id, from wherever we are: now, or as soon as the coordinator has said welcome. */
  join(room, { title = "the room", watch = false } = {}) {
    if (room === this.room?.id) return;
    const message = (offer) => joinMessage(room, offer, { ...this._identity(), watch });
    const request = { title, message, refusal: "not_let_in" };
    if (isGame(this.state)) this.leave();
    if (this.state === "library") {
      this._begin(request);
    } else if (this.state === "connecting") {
      this._wish = request;
    } else {
      Object.assign(this, { _request: request, _wish: null });
      this.retry();
    }
  }

  /** Go back to the kept seat, after a reload in mid-game. False if there is none. */
  resume() {
    const seatToken = this._seatTokens.read();
    if (!seatToken) return false;
    this._seatToken = seatToken;
    this.ice = seatToken.ice;
    this._request = this._starting(seatToken.game);
    this.room = { id: seatToken.room, seat: null, game: seatToken.game, member: "", region: "" };
    this._go("resume");
    this.onwhy(NOTICE.reloaded);
    this._rejoin();
    return true;
  }

  /** Go back to the library, from a game or from a failure. */
  leave() {
    if (isGame(this.state)) this._signalling.send(leaveMessage());
    this._toLibrary();
  }

  /** Do again what failed. */
  retry() {
    const welcomed = this._signalling.connected && this.ice !== null;
    if (welcomed && this._request) {
      this._begin(this._request);
    } else if (welcomed) {
      this._toLibrary();
    } else {
      this._wish ??= this._request;
      this._go("lost");
      this._signalling.hurry();
    }
  }

  /** Ask the coordinator for a seat, another name and the like: a message of wire/. */
  ask(message) {
    if (!this._signalling.send(message)) this.onwords(NOTICE.serverAway);
  }

  /** Ask the room to save, to pause and the like: a request of wire/. */
  request(message) {
    if (this.state !== "playing" || !this._connection.request(message)) this.onwords(NOTICE.roomAway);
  }

  /** Name what is being started or played, for titles. */
  get title() {
    return this.room?.game.title ?? this._request?.title ?? "";
  }

  // ----- what happens to the connections

  /** Get a connection ready, so that a click has only to send its offer. Again after a change of the settings. */
  prepare() {
    if (this.state === "library") this._connection.prepare(true);
  }

  /** Note that a first frame is on the screen. Gives whether it can be one of the room's. */
  pictureShown() {
    if (!this._connection.shown()) return false;
    this._retries.reset();
    this._go("picture");
    return true;
  }

  /** Make a new connection to our seat, as nothing of the room gets here any more. */
  broken(/** @type {string} */ why = NOTICE.interrupted) {
    if (this.state !== "playing") return;
    this._go("broke");
    this.onwhy(why);
    this._connection.close();
    this._retries.again(() => this._rejoin());
  }

  /** Leave a gateway that is about to end: be on another before, so that the picture hardly stands. */
  pathEnds() {
    if (this.state === "playing") this._connection.getAhead(() => this.broken(NOTICE.pathEnds));
  }

  /** Stop waiting for what waits: the network is back. */
  hurry() {
    this._regions.renew();
    this._signalling.hurry();
    this._retries.hurry();
  }

  // ----- what the coordinator says

  _received(message) {
    const handler = {
      welcome: this._welcomed, ice_servers: this._announced, library: this._listed, rooms: this._roomsListed,
      regions: this._regionsListed, started: this._started, room_state: this._peopleChanged, reconnect: this._moved, refused: this._refused,
      ended: this._ended,
    }[message.type];
    handler.call(this, message);
  }

  _welcomed(message) {
    this._regionsListed(message);
    this._regions.renew(); // this may be another network than before
    this._announced(message);
    this.ongames(message.games);
    this.onrooms(message.rooms);
    if (isGame(this.state)) this._cameBack();
    if (this.state !== "connecting" && !OUTSIDE.includes(this._failure?.code)) return;
    this._go("welcome");
    if (this._wish) this._begin(this._wish);
    else this.prepare();
  }

  /** Take gateways for connections made from now on: one that starts or plays keeps its way. */
  _announced(message) {
    const ice = announced(message);
    if (JSON.stringify(ice) === JSON.stringify(this.ice)) return;
    this.ice = ice;
    if (this._seatToken) this._keepSeatToken({ ...this._seatToken, ice: this._nearIce() });
    if (this.state === "library") this.prepare();
  }

  _listed(message) {
    this.ongames(message.games);
  }

  _roomsListed(message) {
    this.onrooms(message.rooms);
  }

  _regionsListed(message) {
    this._regions.show(message.regions);
  }

  _started({ room, seat, game, member, token, answer, region }) {
    if (!this._connection.waits) return; // the answer to what the player has left
    this.room = { id: room, seat, game, member, region };
    this._keepSeatToken({ room, token, game, ice: this._nearIce() });
    this.onstarted(this.room);
    if (this._regions.misses(this.ice, region, this._connection.gateways)) this._rejoin();
    else this._connection.accept(answer);
  }

  /** Choose the gateways to ask: of where our room is, or is likely to be. */
  _nearIce() {
    return this._regions.near(this.ice, this.room?.region);
  }

  _peopleChanged(message) {
    if (message.room !== this.room?.id) return;
    const back = this._saidBack;
    this._heardBack();
    const before = this.people;
    this.people = message;
    const me = message.members.find(({ id }) => id === message.you);
    this.room = { ...this.room, seat: me?.seat ?? null, member: message.you };
    this.onpeople(message, before);
    if (back && this.state === "resuming" && this._connection.idle) this._rejoin();
  }

  /** Leave what we have of a room that goes on elsewhere, or will, and join when it is ready. */
  _moved({ room, message, ready }) {
    if (room !== this._seatToken?.room || !isGame(this.state)) return;
    if (this.state !== "resuming") this._go("broke");
    this.onwhy(message);
    if (ready && this._connection.waits) return; // this crossed our question, whose answer is under way
    this._heardBack();
    this._connection.close();
    this._retries.reset();
    if (ready) this._retries.again(() => this._rejoin());
  }

  _refused({ code, message }) {
    const waits = this._connection.waits;
    if (this.state === "connecting") this._fail("turned_away", message);
    else if (this.state === "starting" && waits) this._fail(this._request.refusal, message);
    else if (this.state === "resuming" && waits && PASSING_REFUSALS.includes(code)) this._connection.fail("not_now");
    else if (this.state === "resuming" && waits) this._fail("gone", message);
    // A coordinator that has just started may hear of us before it hears of the room.
    else if (this._saidBack) this._backs.again(() => this._sayBack());
    else if (isGame(this.state)) this.onwords(message);
  }

  _ended({ code, message }) {
    if (isGame(this.state)) this._fail(ENDS.includes(code) ? code : "ended", message);
  }

  // ----- what happens to the connection to the coordinator

  _lost() {
    const asked = this._connection.waits;
    this._connection.forget();
    this._heardBack();
    if (this.state === "library") {
      this._connection.prepare(false);
      this._go("lost");
    } else if (this.state === "connecting") {
      this._fail("unreachable");
    } else if (this.state === "starting" && asked) {
      this._fail("lost");
    } else if (this.state === "playing") {
      this.onwords(NOTICE.serverLost);
    }
  }

  /** Ask for our seat on a new socket, or say that we still have it. */
  _cameBack() {
    if (this.state === "playing") this.onwords(NOTICE.serverBack);
    if (this._connection.silent) this._connection.ask();
    else if (this._retries.waiting) this._retries.hurry();
    else if (!this._connection.waits) this._backs.again(() => this._sayBack());
  }

  _sayBack() {
    if (!this._seatToken) return;
    this._saidBack = this._signalling.send(backMessage(this._seatToken.room, this._seatToken.token));
  }

  _heardBack() {
    this._saidBack = false;
    this._backs.reset();
  }

  _garbage() {
    if (this.state === "connecting" || this.state === "starting") this._fail("garbage");
    else this.onwords(NOTICE.unreadable);
  }

  // ----- attempts

  _identity() {
    const { profile, name } = this._player();
    return { profile, name, delays: this._regions.delays };
  }

  _starting(game) {
    const player = () => ({ ...this._player(), delays: this._regions.delays });
    return { title: game.title, message: (offer) => startMessage(game.id, offer, player()), refusal: "refused" };
  }

  _begin(request) {
    this._wish = null;
    this._request = request;
    this.people = null;
    this._go("start");
    this._connection.open(request.message, PATIENT);
  }

  _rejoin() {
    const { room, token } = this._seatToken;
    const limits = this.state === "starting" ? PATIENT : BRISK;
    this._connection.open((offer) => joinMessage(room, offer, { ...this._identity(), token }), limits);
  }

  _attemptFailed(code) {
    if (this.state !== "resuming" || !PASSING_FAILURES.includes(code)) {
      this._fail(code);
      return;
    }
    // A socket whose network has gone can look open for minutes.
    if (code === "no_answer") this._signalling.renew();
    this._connection.close();
    this._retries.again(() => this._rejoin());
  }

  // ----- ends

  _toLibrary() {
    this._endGame();
    this._request = null;
    this._go("leave");
    if (this._signalling.connected) this.prepare();
    else this._go("lost");
  }

  _fail(code, said) {
    // The coordinator holds a seat for us until it hears that we are gone.
    if (isGame(this.state) && !TOLD.includes(code)) this._signalling.send(leaveMessage());
    this._endGame();
    this._connection.prepare(false);
    this._go("fail", failure(code, said));
  }

  /** End the game for good: there is no way back. */
  _endGame() {
    this._retries.reset();
    this._heardBack();
    this._connection.close();
    this._seatToken = this.room = this.people = null;
    this._seatTokens.drop();
  }

  _keepSeatToken(seatToken) {
    this._seatToken = seatToken;
    this._seatTokens.keep(seatToken);
  }

  _go(happening, /** @type {any} */ failed = null) {
    this.state = next(this.state, happening);
    this._failure = failed;
    this.onstate(this.state, failed);
  }
}
