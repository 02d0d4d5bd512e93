/** Words over the page for some seconds. While a dialog is open they are in it: all else is behind it, and inert. */

/** Long enough to read a sentence. What is shown for longer is there to be copied, and can be marked. */
const USUAL_SECONDS = 5;

export class Toast {
  /** `element` is a live region; `page` is the document; `environment` has setTimeout and clearTimeout. */
  constructor(element, page, environment) {
    this._element = element;
    this._page = page;
    this._environment = environment;
    this._timer = null;
    // Close events don't bubble. What a closed dialog holds is in nobody's sight.
    page.addEventListener("close", () => this._moveTo(page.body), true);
  }

  show(words, seconds = USUAL_SECONDS) {
    this._moveTo(this._page.querySelector("dialog[open]") ?? this._page.body);
    this._element.textContent = words;
    this._element.classList.toggle("lasting", seconds > USUAL_SECONDS);
    this._environment.clearTimeout(this._timer);
    this._timer = this._environment.setTimeout(() => this.clear(), 1000 * seconds);
  }

  clear() {
    this._element.replaceChildren();
  }

  _moveTo(place) {
    if (this._element.parentElement !== place) place.append(this._element);
  }
}
