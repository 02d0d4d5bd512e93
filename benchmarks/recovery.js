/**
 * When a page showed frames, the first ones of each connection, and when it went from state to state, in ms of the
 * machine's clock: a page that is loaded again starts a new record on the same clock. Loaded before the page's own
 * scripts; it changes nothing.
 */

window.coinopRecovery = (() => {
  const frames = [];
  const firsts = [];
  const states = [];

  addEventListener("DOMContentLoaded", () => {
    const screen = document.getElementById("screen");
    let stream = null;
    const shown = (_, { rtpTimestamp }) => {
      frames.push(Date.now());
      // Without a timestamp it is the black of a track that nothing has come on yet.
      if (rtpTimestamp !== undefined && screen.srcObject !== stream) {
        stream = screen.srcObject;
        firsts.push(Date.now());
      }
      screen.requestVideoFrameCallback(shown);
    };
    screen.requestVideoFrameCallback(shown);
    const root = document.documentElement;
    const note = () => states.push([Date.now(), root.dataset.state]);
    new MutationObserver(note).observe(root, { attributeFilter: ["data-state"] });
    note();
  });

  /** All since a time, and the last frame before it. */
  function since(time) {
    const first = frames.findIndex((frame) => frame >= time);
    return {
      frames: first < 0 ? frames.slice(-1) : frames.slice(Math.max(0, first - 1)),
      firsts: firsts.filter((frame) => frame >= time),
      states: states.filter(([at]) => at >= time),
    };
  }

  return { since };
})();
