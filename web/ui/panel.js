/** The settings dialog: inputs named like the settings that they set, and the connection test. */

import { CODECS } from "../core/session/settings.js";
import { NOTHING_TO_TEST, conclusion, wayWords } from "../core/session/words.js";
import { radio } from "./dom.js";

const READ = { codec: String, scale: Number, fit: String, path: String, region: String, listed: (value) => value === "yes", name: (value) => value.trim() };

export class Panel {
  /** `parts` holds elements: the dialog, its choice of codecs, and the test's button, list of results and conclusion. */
  constructor(parts, settings) {
    this._parts = parts;
    this._settings = settings;
    const { dialog, codecs, test } = parts;
    codecs.append(...Object.entries(CODECS).map(([name, title]) => radio("codec", name, title)));
    /** Gives {tests, relayOnly}: for each way its host and the promise of its result; null if nothing is known yet. */
    this.ontest = () => null;
    dialog.addEventListener("change", ({ target }) => {
      if (Object.hasOwn(READ, target.name)) settings.set(target.name, READ[target.name](target.value));
    });
    // A click beside the card is a click on the dialog itself.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    test.addEventListener("click", () => this._test());
  }

  open() {
    for (const input of this._parts.dialog.querySelectorAll("input[name]")) {
      if (input.type === "radio") input.checked = READ[input.name](input.value) === this._settings.get(input.name);
      else input.value = this._settings.get(input.name);
    }
    if (!this._parts.test.disabled) this._clearTest(); // a test that still runs keeps its lines
    this._parts.dialog.showModal();
  }

  close() {
    this._parts.dialog.close();
  }

  async _test() {
    const { test } = this._parts;
    this._clearTest();
    test.disabled = true;
    const begun = this.ontest();
    this._say(begun ? await this._show(begun) : NOTHING_TO_TEST);
    test.disabled = false;
  }

  /** A line for each way, which gets its words as its result comes; then the conclusion. */
  async _show({ tests, relayOnly }) {
    const several = new Set(tests.map(({ way }) => way.host)).size > 1;
    const results = await Promise.all(tests.map(async ({ way, result }) => {
      const line = document.createElement("li");
      line.textContent = `${way.kind}…`;
      this._parts.results.append(line);
      const found = await result;
      line.textContent = wayWords(found, several);
      line.className = found.outcome === "reached" ? "good" : "bad";
      return found;
    }));
    return conclusion(results, relayOnly);
  }

  _say(words) {
    const { dialog, conclusion: paragraph } = this._parts;
    paragraph.textContent = words;
    dialog.scrollTo({ top: dialog.scrollHeight });
  }

  _clearTest() {
    this._parts.results.replaceChildren();
    this._parts.conclusion.textContent = "";
  }
}
