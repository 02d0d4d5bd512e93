/** The bar over the picture: its buttons, the shortcut keys, fullscreen, and how it gets out of the way. */

/** The bar and the pointer go after this long without a movement. */
const IDLE_MS = 2500;
/** A tap leaves its button hovered until the next one, which on a phone may never come. */
const HOVERS = matchMedia("(hover: hover)");
/** With the focus in one of these a letter is a letter. */
const TYPING = "input, textarea, select, dialog";

export class Bar {
  /**
   * `elements`: play, bar, stage, leave, mute, volume, share, stats, legend, fullscreen, strip. Switches that last are in
   * `settings`; what the others do is told by `onleave` and `onshare`.
   */
  constructor(elements, settings) {
    this._elements = elements;
    this._settings = settings;
    /** @type {number | undefined} */
    this._timer = undefined;
    this._shortcuts = {
      KeyF: () => this._toggleFullscreen(),
      Backquote: () => this._toggle("stats"),
      Backslash: () => this._toggle("stats"),
    };
    this._onkey = (event) => this._key(event);
    this.onleave = () => {};
    this.onshare = () => {};
    this._wire();
  }

  grab() {
    addEventListener("keydown", this._onkey);
    this._wake();
  }

  ungrab() {
    removeEventListener("keydown", this._onkey);
    clearTimeout(this._timer);
    this._elements.play.classList.remove("idle");
    if (document.fullscreenElement) document.exitFullscreen();
  }

  /** Show the settings on the switches. */
  render() {
    const { mute, volume, stats, legend } = this._elements;
    const percent = Math.round(100 * this._settings.get("volume"));
    mute.setAttribute("aria-pressed", String(this._settings.get("muted")));
    volume.value = String(percent);
    volume.style.setProperty("--value", `${percent}%`);
    stats.setAttribute("aria-pressed", String(this._settings.get("stats")));
    legend.setAttribute("aria-pressed", String(this._settings.get("legend")));
  }

  _wire() {
    const { play, bar, stage, leave, mute, volume, share, stats, legend, fullscreen, strip } = this._elements;
    const press = (button, act) => button.addEventListener("click", act);
    press(leave, () => this.onleave());
    press(share, () => this.onshare());
    press(mute, () => this._toggle("muted"));
    press(stats, () => this._toggle("stats"));
    press(legend, () => this._toggle("legend"));
    press(fullscreen, () => this._toggleFullscreen());
    volume.addEventListener("input", () => {
      this._settings.set("volume", Number(volume.value) / 100);
      this._settings.set("muted", false);
    });
    // A button that was pressed with the mouse must not keep the focus: Enter is the pad's Start. One that asks keeps it.
    for (const part of [bar, strip]) {
      part.addEventListener("click", ({ detail, target }) => detail > 0 && !target.closest("[data-asked]") && stage.focus());
    }
    volume.addEventListener("pointerup", () => stage.focus());
    stage.addEventListener("dblclick", () => this._toggleFullscreen());
    fullscreen.hidden = !document.fullscreenEnabled;
    for (const type of ["pointermove", "pointerdown", "focusin"]) play.addEventListener(type, (event) => this._wake(event));
  }

  _key(event) {
    const act = this._shortcuts[event.code];
    if (!act || event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.(TYPING)) return;
    event.preventDefault();
    act();
  }

  _toggle(name) {
    this._settings.set(name, !this._settings.get(name));
  }

  _toggleFullscreen() {
    if (document.fullscreenElement) document.exitFullscreen();
    // The whole page, since what it has to say is beside the picture's element. Refused in a frame without permission.
    else document.documentElement.requestFullscreen?.().catch(() => {});
  }

  _wake(event) {
    // Thumbs on the touch pad are playing, not looking for the bar.
    if (event?.target.closest?.("#touch")) return;
    const { play, bar, strip } = this._elements;
    const used = (part) => (HOVERS.matches && part.matches(":hover")) || part.querySelector(":focus-visible");
    play.classList.remove("idle");
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      if (used(bar) || used(strip)) this._wake();
      else play.classList.add("idle");
    }, IDLE_MS);
  }
}
