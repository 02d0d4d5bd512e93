/**
 * What the benchmarks see of a page from the inside: when a key went down, and when a frame that shows it is presented.
 *
 * Loaded before the page's own scripts. It looks over RTCPeerConnection's shoulder for the room's "applied" datagrams
 * and for statistics, and changes nothing. The reference is read with the same code as the stream.
 */

window.coinopProbe = (() => {
  const LIMIT_MS = 2000; // an answer that takes longer is not late: it does not come
  const PAUSE_MS = [60, 150]; // several frames of the room and of the screen, so that the phase to both is a random one
  const KEY = { code: "KeyX", key: "x", bubbles: true, cancelable: true }; // A on the pad

  // ----- the page's connections

  const APPLIED = 129; // worker/room/input/datagrams.py
  let connection = null; // the one that plays
  const applied = []; // {rtp} of each "applied" datagram

  const createDataChannel = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (label, ...options) {
    const channel = createDataChannel.call(this, label, ...options);
    if (label === "input") {
      channel.addEventListener("open", () => (connection = this));
      channel.addEventListener("message", ({ data }) => {
        const view = new DataView(data);
        if (view.getUint8(0) === APPLIED) applied.push({ rtp: view.getUint32(8, true) });
      });
    }
    return channel;
  };

  /** Running totals of the stream's receiver: seconds, frames. */
  async function totals() {
    const report = [...(await connection.getStats()).values()];
    const video = report.find(({ type, kind }) => type === "inbound-rtp" && kind === "video");
    return {
      bufferDelay: video.jitterBufferDelay,
      buffered: video.jitterBufferEmittedCount,
      decodeTime: video.totalDecodeTime,
      decoded: video.framesDecoded,
      codec: report.find(({ id }) => id === video.codecId)?.mimeType ?? "",
    };
  }

  // ----- frames

  const sample = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });

  /** Whether the lamp of the picture that a video shows is lit. `lamp`: x, y, width, height as shares of the picture. */
  function isLit(video, lamp) {
    const { videoWidth: w, videoHeight: h } = video;
    sample.drawImage(video, lamp.x * w, lamp.y * h, lamp.width * w, lamp.height * h, 0, 0, 1, 1);
    const [red, green, blue] = sample.getImageData(0, 0, 1, 1).data;
    return red + green + blue > 3 * 127;
  }

  /** Wait for the first frame whose lamp is lit, or dark: {now, ...metadata} of requestVideoFrameCallback. */
  function frameWith(video, lamp, lit) {
    return new Promise((resolve, reject) => {
      const words = `the picture's lamp did not turn ${lit ? "white" : "dark"} within ${LIMIT_MS} ms`;
      let handle = 0;
      const limit = setTimeout(() => {
        video.cancelVideoFrameCallback(handle);
        reject(new Error(words));
      }, LIMIT_MS);
      const look = (now, metadata) => {
        if (isLit(video, lamp) === lit) {
          clearTimeout(limit);
          resolve({ now, ...metadata });
        } else {
          handle = video.requestVideoFrameCallback(look);
        }
      };
      handle = video.requestVideoFrameCallback(look);
    });
  }

  const between = ([least, most]) => least + Math.random() * (most - least);
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

  /** RTP clock ticks from the frame that an input went into to a frame that was shown. */
  const ticks = (from, shown) => (shown.rtpTimestamp - from.rtp) | 0;

  /** The metadata of the frame itself: a callback may see a newer picture than the one that it is told of. */
  async function own(frame, input, video) {
    if (!input || frame.rtpTimestamp === undefined || ticks(input, frame) >= 0) return frame;
    return new Promise((resolve) => video.requestVideoFrameCallback((_, metadata) => resolve(metadata)));
  }

  /** One press of the key, and its release. Times in ms of performance.now(); `received` only for streams. */
  async function press(video, lamp) {
    await sleep(between(PAUSE_MS));
    applied.length = 0;
    const lit = frameWith(video, lamp, true);
    const pressed = performance.now();
    window.dispatchEvent(new KeyboardEvent("keydown", KEY));
    const frame = await lit;
    const input = applied[0];
    const metadata = await own(frame, input, video);
    window.dispatchEvent(new KeyboardEvent("keyup", KEY));
    await frameWith(video, lamp, false);
    return {
      pressed,
      shown: frame.now,
      received: metadata.receiveTime ?? null,
      presented: metadata.presentationTime,
      displayed: metadata.expectedDisplayTime,
      ticks: input && metadata.rtpTimestamp !== undefined ? ticks(input, metadata) : null,
      roundTrip: window.coinop?.stats()?.rttMs ?? null,
    };
  }

  async function presses(count, video, lamp) {
    const samples = [];
    while (samples.length < count) samples.push(await press(video, lamp));
    return samples;
  }

  // ----- what is measured

  /** The game on the page: {samples, before, after, box}; `before` and `after` as of totals(), `box` its size in CSS px. */
  async function stream(count, lamp) {
    const video = document.getElementById("screen");
    const before = await totals();
    const samples = await presses(count, video, lamp);
    return { samples, before, after: await totals(), box: { width: video.clientWidth, height: video.clientHeight } };
  }

  /**
   * What an emulator inside the page would give: a canvas that is redrawn for each refresh of the screen, from the keys
   * that are held then, and shown through captureStream and a video of the same size as the stream's.
   */
  async function reference(count, lamp, picture, box) {
    const canvas = document.createElement("canvas");
    canvas.width = picture.width;
    canvas.height = picture.height;
    const context = canvas.getContext("2d");
    let held = false;
    const down = () => (held = true);
    const up = () => (held = false);
    let handle = 0;
    const draw = (now) => {
      const { width, height } = canvas;
      context.fillStyle = "#214";
      context.fillRect(0, 0, width, height);
      context.fillStyle = "#fa0";
      context.fillRect((now / 8) % width, height * 0.7, 16, 16); // something moves, as in a game
      context.fillStyle = held ? "#fff" : "#000";
      context.fillRect((lamp.x - 0.03) * width, (lamp.y - 0.03) * height, 40, 40);
      handle = requestAnimationFrame(draw);
    };
    const video = document.createElement("video");
    video.muted = true;
    Object.assign(video.style, { position: "fixed", inset: "0", margin: "auto", zIndex: "1000", imageRendering: "pixelated" });
    Object.assign(video.style, { width: `${box.width}px`, height: `${box.height}px` });
    document.body.append(video);
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    draw(0);
    try {
      video.srcObject = canvas.captureStream();
      await video.play();
      return { samples: await presses(count, video, lamp) };
    } finally {
      cancelAnimationFrame(handle);
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      video.srcObject = null;
      video.remove();
    }
  }

  /** Wait for the next click on the page and the first frame of the video after it: ms between the two. */
  function start() {
    const video = document.getElementById("screen");
    return new Promise((resolve) => {
      document.addEventListener("click", (event) => {
        video.requestVideoFrameCallback(() => resolve(performance.now() - event.timeStamp));
      }, { capture: true, once: true });
    });
  }

  return { stream, reference, start };
})();
