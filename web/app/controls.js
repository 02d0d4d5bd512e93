/** The way of the input: devices to pad to connection, and who may use them. */

import { isGame } from "../core/session/states.js";

/** Tie devices to the pad. Gives a function that hands the controls to somebody with a seat, or takes them away. */
export function tieControls({ session, pad, meter, keyboard, gamepads, touch, playback, saves }) {
  for (const device of [keyboard, gamepads, touch]) {
    const share = pad.share();
    device.onchange = (buttons, time, axes) => share.update(buttons, time, axes);
  }
  pad.onsent = (sequence, time) => meter.sent(sequence, time);
  document.addEventListener("visibilitychange", (event) => document.hidden && pad.release(event.timeStamp));
  addEventListener("pagehide", (event) => pad.release(event.timeStamp));
  const controls = [pad, keyboard, gamepads, touch, playback];
  let grabbed = false;

  return function updateControls() {
    const seated = isGame(session.state) && (session.room?.seat ?? null) !== null;
    const wanted = seated && (session.state === "playing" || grabbed);
    saves.seated = seated;
    if (wanted === grabbed) return;
    grabbed = wanted;
    for (const control of controls) wanted ? control.grab() : control.ungrab();
  };
}
