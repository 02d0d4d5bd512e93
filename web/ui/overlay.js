/** The stats overlay: takes the figures each second, and shows them while it is switched on. */

import { figures } from "../core/net/stats.js";

const SAMPLE_MS = 1000;

/** Put figures in words: label and text of each line, from the figures of stats.js together with {rttMs, photonMs, region}. */
export function lines(now) {
  const known = (value, text) => (value === null || value === undefined ? "–" : text(value));
  const ms = (value) => known(value, (number) => `${number.toFixed(1)} ms`);
  return [
    ["Input to photon", now.photonMs === null ? "press a key" : `${Math.round(now.photonMs)} ms`],
    ["Round trip", ms(now.rttMs)],
    ["Frames", known(now.fps, (fps) => `${fps.toFixed(1)} fps`)],
    ["Picture", known(now.width, (width) => `${width}×${now.height} ${now.codec ?? ""}`.trim())],
    ["Bit rate", known(now.kbps, (kbps) => `${Math.round(kbps)} kbit/s`)],
    ["Jitter buffer", ms(now.jitterBufferMs)],
    ["Decoding", ms(now.decodeMs)],
    ["Freezes", known(now.freezes, String)],
    ["Packets lost", known(now.lost, String)],
    ["Path", known(now.path, String)],
    ...(now.region ? [["Region", now.region]] : []),
  ];
}

export class Overlay {
  /** `list` is the dl; `meter` a InputToPhotonMeter and `heartbeat` a Heartbeat, both fed by others. */
  constructor(list, meter, heartbeat) {
    this._list = list;
    this._meter = meter;
    this._heartbeat = heartbeat;
    /** @type {number | undefined} */
    this._timer = undefined;
    this._peer = null;
    this._report = null;
    /** Where the room is; empty where all are in one place. */
    this.region = "";
    /** The figures of the last second, or null when nothing is played. */
    this.latest = null;
  }

  get shown() {
    return !this._list.hidden;
  }

  set shown(shown) {
    this._list.hidden = !shown;
    if (shown) this._render();
  }

  grab(peer) {
    this.ungrab();
    this._peer = peer;
    this._timer = setInterval(() => this._sample(), SAMPLE_MS);
    this._sample();
  }

  ungrab() {
    clearInterval(this._timer);
    this._peer = this._report = this.latest = null;
  }

  async _sample() {
    const peer = this._peer;
    const report = await peer.stats();
    if (peer !== this._peer) return;
    const now = figures(this._report, report);
    this._report = report;
    const measured = { rttMs: this._heartbeat.rtt ?? now.rttMs, photonMs: this._meter.median };
    this.latest = Object.freeze({ ...now, ...measured, region: this.region });
    if (this.shown) this._render();
  }

  _render() {
    if (!this.latest) return;
    const rows = lines(this.latest).map(([label, text]) => {
      const row = document.createElement("div");
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = label;
      value.textContent = text;
      row.append(term, value);
      return row;
    });
    this._list.replaceChildren(...rows);
  }
}
