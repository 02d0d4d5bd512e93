/** When to try again: at once, then after longer and longer waits. Never two tries at a time. */

/** Waits before each try in a row, in ms; the last one is repeated. */
const WAITS_MS = [0, 300, 1000, 2000, 4000];

export class Retries {
  /** `environment` has setTimeout and clearTimeout. */
  constructor(environment) {
    this._environment = environment;
    this._timer = null;
    this._count = 0;
    this._act = null;
  }

  /** Tell whether a try waits for its time. */
  get waiting() {
    return this._act !== null;
  }

  /** Do `act` after the wait that is due; an earlier one that still waits is forgotten. */
  again(act) {
    this.cancel();
    const wait = WAITS_MS[Math.min(this._count++, WAITS_MS.length - 1)];
    if (wait === 0) {
      act();
      return;
    }
    this._act = act;
    this._timer = this._environment.setTimeout(() => this.hurry(), wait);
  }

  /** Do not wait any longer: something has got better. */
  hurry() {
    const act = this._act;
    this.cancel();
    act?.();
  }

  /** Do not try. */
  cancel() {
    this._environment.clearTimeout(this._timer);
    this._act = null;
  }

  /** Begin anew after a success: the next failure is a first one again. */
  reset() {
    this.cancel();
    this._count = 0;
  }
}
