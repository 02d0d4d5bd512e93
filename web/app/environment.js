/** What the browser gives and tests replace: sockets, timers, clocks, chance and storage. */

export const environment = {
  WebSocket,
  RTCPeerConnection: globalThis.RTCPeerConnection,
  setTimeout: (act, delay) => setTimeout(act, delay),
  clearTimeout: (timer) => clearTimeout(timer),
  setInterval: (act, delay) => setInterval(act, delay),
  clearInterval: (timer) => clearInterval(timer),
  requestAnimationFrame: (act) => requestAnimationFrame(act),
  cancelAnimationFrame: (frame) => cancelAnimationFrame(frame),
  now: () => performance.now(),
  unixSeconds: () => Date.now() / 1000,
  random: Math.random,
};

/** Get localStorage or sessionStorage, or null where it is switched off in the browser: nothing is kept then. */
export function storage(kind) {
  try {
    return window[kind];
  } catch {
    return null;
  }
}
