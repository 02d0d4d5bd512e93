/** Stand-ins for what only a browser or a server has: time, sockets, and events with fields of our choice. */

/** A clock that stands still until it is told to go on; it is the `environment` of the modules that wait. */
export class Clock {
  constructor() {
    this.time = 0;
    this._timers = new Map();
    this._count = 0;
    this.random = () => 0;
    this.now = () => this.time;
    this.setTimeout = (act, delay) => this._add(act, delay, null);
    this.setInterval = (act, delay) => this._add(act, delay, delay);
    this.clearTimeout = this.clearInterval = (timer) => this._timers.delete(timer);
  }

  _add(act, delay, every) {
    this._timers.set(++this._count, { act, due: this.time + delay, every });
    return this._count;
  }

  /** Let `milliseconds` go by: whatever falls due happens at its own time, in order. */
  advance(milliseconds) {
    const end = this.time + milliseconds;
    for (;;) {
      const next = [...this._timers].filter(([, timer]) => timer.due <= end).sort(([, a], [, b]) => a.due - b.due)[0];
      if (!next) break;
      const [key, timer] = next;
      this.time = timer.due;
      if (timer.every === null) this._timers.delete(key);
      else timer.due += timer.every;
      timer.act();
    }
    this.time = end;
  }
}

/** An event with fields that a script could not set on a real one. */
export function event(type, fields = {}) {
  const made = new Event(type, { cancelable: true });
  for (const [name, value] of Object.entries(fields)) Object.defineProperty(made, name, { value, configurable: true });
  return made;
}

/** A small generator of repeatable random numbers below `limit`, for fuzzing. */
export function dice(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}
