/** The settings' choice of a region: the closest, or one by name, with what has been measured of each. */

import { element } from "./dom.js";
import { CLOSEST, regionWords } from "../core/session/words.js";

export class RegionChoice {
  /** `parts`: the fieldset, hidden while there is nothing to choose, and the list in it. */
  constructor({ fieldset, list }, settings) {
    this._fieldset = fieldset;
    this._list = list;
    this._settings = settings;
    this._names = null;
  }

  /** The regions of regions.js. A choice that is not among them at the moment stays one. */
  show(places) {
    const chosen = this._settings.get("region");
    const rows = [["", CLOSEST], ...places.map((place) => [place.name, regionWords(place)])];
    if (chosen && !places.some(({ name }) => name === chosen)) rows.push([chosen, regionWords({ name: chosen, ms: undefined, full: undefined })]);
    this._fieldset.hidden = places.length < 2;
    const names = JSON.stringify(rows.map(([name]) => name));
    if (names !== this._names) this._list.replaceChildren(...rows.map(([name]) => this._row(name, name === chosen)));
    this._names = names;
    rows.forEach(([, words], index) => {
      this._list.children[index].lastChild.textContent = words;
    });
  }

  _row(name, checked) {
    const label = element("label");
    const input = element("input");
    Object.assign(input, { type: "radio", name: "region", value: name, checked });
    label.append(input, element("span"));
    return label;
  }
}
