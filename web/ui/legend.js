/** Which key does what, shown beside the picture: with the core's own labels once the room has sent them. */

import { element } from "./dom.js";
import { BUTTON } from "../core/wire/input.js";

const NAMES = Object.freeze(Object.fromEntries(Object.entries(BUTTON).map(([name, number]) => [number, name])));
const PLAIN = Object.freeze({
  [BUTTON.START]: "Start", [BUTTON.SELECT]: "Select", [BUTTON.UP]: "Up", [BUTTON.DOWN]: "Down",
  [BUTTON.LEFT]: "Left", [BUTTON.RIGHT]: "Right",
});
const CAPS = Object.freeze({
  ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Enter: "Enter", ShiftLeft: "Shift", ShiftRight: "Shift",
});
const DIRECTIONS = [BUTTON.UP, BUTTON.DOWN, BUTTON.LEFT, BUTTON.RIGHT];
/** Thumb first, then what is pressed seldom. */
const ORDER = [BUTTON.B, BUTTON.A, BUTTON.Y, BUTTON.X, BUTTON.L, BUTTON.R, BUTTON.L2, BUTTON.R2, BUTTON.START, BUTTON.SELECT];

/** Name what is printed on a key: from the keyboard's layout if the browser tells it, else from the key's code. */
export function cap(code, /** @type {any} */ layout = null) {
  return CAPS[code] ?? layout?.get(code)?.toUpperCase() ?? code.replace(/^(Key|Digit)/, "");
}

/**
 * Make the rows of the legend: {caps: [...], label, pad}. `labels` is the room's button -> label, or null: then every mapped
 * button is listed under libretro's name. `pad` is that name where the label says something else.
 */
export function rows(keys, labels, layout = null) {
  const capsOf = (button) => {
    const codes = Object.keys(keys).filter((code) => keys[code] === button);
    return [...new Set(codes.map((code) => cap(code, layout)))];
  };
  const moves = { caps: DIRECTIONS.flatMap(capsOf), label: "Move", pad: "" };
  const used = ORDER.filter((button) => capsOf(button).length > 0 && (!labels || labels[button]));
  return [moves, ...used.map((button) => {
    const name = PLAIN[button] ?? NAMES[button];
    const label = labels?.[button] ?? name;
    return { caps: capsOf(button), label, pad: label === name ? "" : name };
  })];
}

export class Legend {
  /** `list` gets the rows; `keys` is the map of keyboard.js. */
  constructor(list, keys) {
    this._list = list;
    this._keys = keys;
    this._labels = null;
    this._layout = null;
  }

  /** The room's labels, or null for another game. */
  setLabels(labels) {
    this._labels = labels;
    this.render();
  }

  /** A KeyboardLayoutMap, where the browser has one: on a German keyboard the key of code KeyZ says Y. */
  setLayout(layout) {
    this._layout = layout;
    this.render();
  }

  render() {
    this._list.replaceChildren(...rows(this._keys, this._labels, this._layout).map(makeRow));
  }
}

function makeRow({ caps, label, pad }) {
  const row = element("li");
  const keys = element("span", "caps");
  keys.append(...caps.map((text) => element("kbd", "", text)));
  row.append(keys, element("span", "", label));
  if (pad) row.append(element("small", "", pad));
  return row;
}
