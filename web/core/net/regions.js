/**
 * The regions that a room may be in: which there are, how far each is from here, and so which gateways a connection asks.
 *
 * Measures in the background, and nothing waits for it: what is known at a start is said with it. Leaves to distance.js
 * how a region is measured, to session.js when connections are made, and to region_choice.js what the player sees.
 */

import { only } from "./ice.js";

/** Distances change with the network and with the hour. */
const FRESH_MS = 600_000;
/** A gateway that did not answer may be about to start. */
const RETRY_MS = 60_000;
/** A connection asks gateways of so many regions, the second for when the first is full: each that it asks keeps a place
 * for it. If its room opens in yet another region, a new connection asks there. */
const ASKED = 2;

export class Regions {
  /**
   * `measure(gateways)` gives the promise of milliseconds, or of null if none of these URLs answered; `wanted()` gives the
   * name of the region that the player chose, empty for the closest; `environment` has setTimeout and clearTimeout.
   */
  constructor(measure, wanted, environment) {
    this._measure = measure;
    this._wanted = wanted;
    this._environment = environment;
    this._running = new Set();
    this._timer = null;
    this._asked = "";
    /** Each {name, gateways, full, ms}: ms is undefined before the first answer, and null where none came. Empty if there
     * is nothing to choose between. */
    this.places = [];
    this.onchange = () => {}; // another one, or another figure
    this.onmeasured = () => {}; // every answer that was waited for is there
    this.onlikely = () => {}; // a connection that was made before asks other gateways than one that is made now
  }

  /** Get how far each region is, as far as it is known: {name: milliseconds}. */
  get delays() {
    return Object.fromEntries(this.places.filter(({ ms }) => Number.isFinite(ms)).map(({ name, ms }) => [name, ms]));
  }

  /** Take the regions as they are now, and measure those that are new or have other gateways. */
  show(regions) {
    this.places = regions.map((region) => ({ ...region, ms: this._find(region)?.ms }));
    this._tell();
    for (const place of this.places) if (place.ms === undefined) this._ask(place);
    this._restartTimer();
  }

  /** Measure all again, as the network may be another one. What is known holds until then. */
  renew() {
    for (const place of this.places) this._ask(place);
  }

  /** Choose {iceServers, relayOnly} for a connection: to a room in `region` if it is known, or to any. */
  near(ice, region = "") {
    const iceServers = only(ice.iceServers, this._likely(region).flatMap(({ gateways }) => gateways));
    return this.places.length <= ASKED || iceServers.length === 0 ? ice : { ...ice, iceServers };
  }

  /** Tell whether a connection that was made with these URLs lacks all gateways by which a room in `region` is reached. */
  misses(ice, region, urls) {
    const gateways = this.places.find(({ name }) => name === region)?.gateways ?? [];
    return only(ice.iceServers, gateways).length > 0 && !gateways.some((url) => urls.includes(url));
  }

  async _ask({ name, gateways }) {
    const key = JSON.stringify([name, gateways]);
    if (this._running.has(key)) return;
    this._running.add(key);
    const ms = await this._measure(gateways);
    this._running.delete(key);
    const place = this._find({ name, gateways });
    if (place) {
      place.ms = ms;
      this._tell();
      this._restartTimer();
    }
    if (this._running.size === 0) this.onmeasured();
  }

  _find({ name, gateways }) {
    return this.places.find((place) => place.name === name && String(place.gateways) === String(gateways));
  }

  /** Guess where a room will most likely be: in `region`, or where the coordinator will put it. */
  _likely(region) {
    const wanted = this._wanted();
    const rank = (place) => [place.name !== region, place.name !== wanted, place.full, place.ms ?? Infinity];
    const withGateway = this.places.filter(({ gateways }) => gateways.length > 0);
    return withGateway.sort((one, other) => compare(rank(one), rank(other))).slice(0, ASKED);
  }

  _tell() {
    this.onchange();
    const asked = this._likely("").map(({ name }) => name).sort().join("\n");
    if (asked === this._asked) return;
    this._asked = asked;
    this.onlikely();
  }

  _restartTimer() {
    this._environment.clearTimeout(this._timer);
    const delay = this.places.some(({ ms }) => ms === null) ? RETRY_MS : FRESH_MS;
    if (this.places.length > 0) this._timer = this._environment.setTimeout(() => this.renew(), delay);
  }
}

function compare(one, other) {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : Number(one[at]) - Number(other[at]);
}
