/**
 * The picture and the sound: which size, which shape, how loud, and when a frame is shown.
 *
 * Picture and sound have an element each. In one element the browser would hold the picture back for the sound.
 */

/** Fit a picture into a box: its displayed size in CSS px. `picture`: {width, height, aspect}; `pixel`: device px per CSS px. */
export function fitted(picture, box, fit, pixel = 1) {
  const aspect = picture.aspect > 0 ? picture.aspect : picture.width / picture.height;
  const filling = Math.min(box.height, box.width / aspect);
  const times = Math.floor((filling * pixel) / picture.height);
  // A box that is smaller than the game's picture can't hold a whole multiple.
  const height = fit === "whole" && times >= 1 ? (times * picture.height) / pixel : filling;
  return { width: Math.round(height * aspect), height: Math.round(height) };
}

export class Screen {
  /** `elements`: stage, video, audio, and a canvas `still` that lies where the video does. */
  constructor(elements) {
    this._elements = elements;
    this._picture = null;
    this._fit = "fill";
    this._waiting = false;
    /**
     * The first frame of a new connection seems to be shown; gives whether it can be. Browsers also count the black of a
     * track that nothing has come on yet.
     */
    this.onfirst = () => true;
    /** A frame: (metadata of requestVideoFrameCallback). Not called by browsers without it. */
    this.onframe = (metadata) => {};
    /** The browser wants a click before it lets sound out (true), or has had it (false). */
    this.onsilenced = (silenced) => {};
    for (const type of ["loadeddata", "timeupdate"]) elements.video.addEventListener(type, () => this._goesOn());
    elements.video.addEventListener("resize", () => this._layout());
    new ResizeObserver(() => this._layout()).observe(elements.stage);
  }

  show({ video, audio }) {
    const { video: screen, audio: speaker } = this._elements;
    if (this._elements.still.hidden) this._picture = null; // another game's picture may have another shape
    this._waiting = true;
    screen.srcObject = new MediaStream([video]);
    speaker.srcObject = new MediaStream([audio]);
    // Refused only if muted pictures are refused too, as on a phone that saves power; the sound's click helps both.
    this._play(screen);
    this._play(speaker);
    this._watch();
  }

  /** Keep the last frame in sight until there is a new one. False if there has been none yet. */
  hold() {
    const { video, still } = this._elements;
    if (!video.videoWidth) return false;
    if (!still.hidden) return true;
    still.width = video.videoWidth;
    still.height = video.videoHeight;
    still.getContext("2d").drawImage(video, 0, 0);
    still.hidden = false;
    return true;
  }

  clear() {
    const { video, audio, still } = this._elements;
    video.srcObject = audio.srcObject = null;
    still.hidden = true;
    this._waiting = false;
    this.onsilenced(false);
  }

  /** The player clicked: the browser lets sound out now. */
  unsilence() {
    this.onsilenced(false);
    this._play(this._elements.video);
    this._play(this._elements.audio);
  }

  /** The core's picture, from the room: {width, height, aspect}. */
  setPicture(picture) {
    this._picture = picture;
    this._layout();
  }

  setFit(fit) {
    this._fit = fit;
    this._layout();
  }

  setVolume(volume, muted) {
    this._elements.audio.volume = volume;
    this._elements.audio.muted = muted;
  }

  _play(media) {
    media.play().catch((error) => {
      // Any other error belongs to a play() that a newer game has overtaken.
      if (error.name === "NotAllowedError") this.onsilenced(true);
    });
  }

  _watch() {
    const { video } = this._elements;
    if (!video.requestVideoFrameCallback) return;
    const stream = video.srcObject;
    const shown = (_, metadata) => {
      if (video.srcObject !== stream) return;
      this._first();
      this.onframe(metadata);
      video.requestVideoFrameCallback(shown);
    };
    video.requestVideoFrameCallback(shown);
  }

  /** The element plays, as far as it says. It tells of each frame better, but not in a hidden page, nor in every browser. */
  _goesOn() {
    if (document.hidden || !this._elements.video.requestVideoFrameCallback) this._first();
  }

  _first() {
    if (!this._waiting || !this.onfirst()) return;
    this._waiting = false;
    this._elements.still.hidden = true;
    this._layout();
  }

  _layout() {
    const { stage, video, still } = this._elements;
    const picture = this._picture ?? { width: video.videoWidth, height: video.videoHeight, aspect: 0 };
    if (!picture.width || !picture.height) return;
    const box = { width: stage.clientWidth, height: stage.clientHeight };
    const { width, height } = fitted(picture, box, this._fit, devicePixelRatio);
    for (const { style } of [video, still]) {
      style.width = `${width}px`;
      style.height = `${height}px`;
    }
  }
}

/** Keeps the display awake while it is grabbed; the browser drops the lock whenever the page is hidden. */
export class WakeLock {
  constructor() {
    this._lock = null;
    this._grabbed = false;
    document.addEventListener("visibilitychange", () => this._ask());
  }

  grab() {
    this._grabbed = true;
    this._ask();
  }

  ungrab() {
    this._grabbed = false;
    this._lock?.release();
    this._lock = null;
  }

  async _ask() {
    if (!this._grabbed || document.hidden || !navigator.wakeLock) return;
    try {
      const lock = await navigator.wakeLock.request("screen");
      if (this._grabbed) this._lock = lock;
      else lock.release();
    } catch {
      // A phone that saves power refuses: the game goes on, and the display may dim.
    }
  }
}
