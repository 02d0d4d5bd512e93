/**
 * The input-to-photon meter: from a key event to the moment when the first frame that knows of it is shown.
 *
 * Three things are put together, in whatever order they come: a pad state was sent (number, time of its event), the
 * room applied it (number, RTP timestamp of the frame), and a frame was shown (RTP timestamp, display time).
 * Exact but for the display itself: the browser expects the frame on the screen at that time, nobody measures light.
 */

const SAMPLES = 30;
/** States and frames that may wait for their partners: a second's worth. An older partner is a lost datagram. */
const WAITING = 64;
/** A longer time is a stalled stream or a wrapped clock, not an input that reached the picture. */
const CREDIBLE_MS = 2000;

export class InputToPhotonMeter {
  constructor() {
    this._sent = new Map(); // sequence -> time of the event
    this._applied = []; // {time, rtp} that wait for their frame
    this._frames = []; // {rtp, shown}, oldest first
    this._samples = [];
  }

  /** Forget everything: the numbers of a new connection begin anew. */
  reset() {
    this._sent.clear();
    this._applied = [];
    this._frames = [];
    this._samples = [];
  }

  /** Note that a state went out under this number, for an event at this time (ms). */
  sent(sequence, time) {
    this._sent.set(sequence, time);
    if (this._sent.size > WAITING) this._sent.delete(this._sent.keys().next().value);
  }

  /** Note that the room used the state for the frame with this RTP timestamp. */
  applied(sequence, rtp) {
    const time = this._sent.get(sequence);
    if (time === undefined) return;
    this._sent.delete(sequence);
    const frame = this._frames.find((shown) => reached(shown.rtp, rtp));
    if (frame) this._keep(frame.shown - time);
    else keep(this._applied, { time, rtp }, WAITING);
  }

  /** Note that a frame was shown, or will be at `shown` (ms). */
  frame(rtp, shown) {
    keep(this._frames, { rtp, shown }, WAITING);
    this._applied = this._applied.filter((input) => {
      if (!reached(rtp, input.rtp)) return true;
      this._keep(shown - input.time);
      return false;
    });
  }

  /** Get the median of the last samples in ms, or null while there is none. */
  get median() {
    if (this._samples.length === 0) return null;
    const sorted = [...this._samples].sort((one, other) => one - other);
    return sorted[sorted.length >> 1];
  }

  _keep(milliseconds) {
    if (milliseconds >= 0 && milliseconds < CREDIBLE_MS) keep(this._samples, milliseconds, SAMPLES);
  }
}

function keep(list, item, limit) {
  list.push(item);
  if (list.length > limit) list.shift();
}

/** Tell whether timestamp `one` is `other` or later, modulo 2^32. */
function reached(one, other) {
  return ((one - other) >>> 0) < 0x80000000;
}
