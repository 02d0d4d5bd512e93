/** Words over the page for some seconds. While a dialog is open they are in it: all else is behind it, and inert. */

const SECONDS = 5;

export class Toast {
  /** `element` is a live region; `page` is the document; `environment` has setTimeout and clearTimeout. */
  constructor(element, page, environment) {
    this._element = element;
    this._page = page;
    this._environment = environment;
    this._timer = null;
  }

  say(words, seconds = SECONDS) {
    const place = this._page.querySelector("dialog[open]") ?? this._page.body;
    if (this._element.parentNode !== place) place.append(this._element);
    this._element.textContent = words;
    this._environment.clearTimeout(this._timer);
    this._timer = this._environment.setTimeout(() => {
      this._element.textContent = "";
    }, 1000 * seconds);
  }
}
