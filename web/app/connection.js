/** What comes of a connection, put where it belongs: tracks, replies, notices, frames, and the signs of a dead path. */

import { FILE, NOTICE, PROFILE, PROGRESS } from "../core/session/words.js";
import { byId } from "../ui/dom.js";
import { nameOf } from "../ui/people.js";
import { showStarting } from "./state.js";

/** Tie each connection of the session, and the frames that come over it, to the parts. */
export function tieConnection(parts) {
  const { session, heartbeat, screen, meter } = parts;
  const handlers = noticeHandlers(parts);
  session.listen({
    onpeer: (peer) => usePeer(parts, peer),
    onprogress(step) {
      if (session.state === "starting") byId("progress").textContent = PROGRESS[step];
    },
    onnotice(notice) {
      heartbeat.alive();
      handlers[notice.type](notice);
    },
  });
  screen.onfirst = () => session.pictureShown();
  screen.onframe = ({ rtpTimestamp, expectedDisplayTime }) => {
    heartbeat.alive();
    if (rtpTimestamp !== undefined) meter.frame(rtpTimestamp, expectedDisplayTime);
  };
  screen.onsilenced = (silenced) => {
    byId("sound").hidden = !silenced;
  };
  heartbeat.ondead = () => session.broken();
}

function usePeer(parts, peer) {
  const { current, session, meter, pad, heartbeat, screen, saves } = parts;
  current.peer = peer;
  meter.reset();
  peer.onopen = () => {
    meter.reset(); // it counts by the pad's numbers
    pad.renew(performance.now());
  };
  peer.onreply = ({ ping, applied }) => {
    if (ping) heartbeat.echo(ping.sequence);
    if (applied) meter.applied(applied.sequence, applied.rtp);
  };
  peer.onbytes = (buffer) => {
    heartbeat.alive();
    saves.take(buffer);
  };
  screen.show(peer.tracks);
  if (session.state === "starting") showLabels(parts, null);
  showStarting(parts);
}

/** Make the handler of each type of notice (core/wire/room.js). */
function noticeHandlers(parts) {
  const { session, screen, toast, gamepads, playback, saves } = parts;
  return {
    picture: (notice) => screen.setPicture(notice),
    message: (notice) => toast.show(notice.text, notice.seconds),
    rumble: (notice) => gamepads.rumble(notice.strong, notice.weak),
    controls: (notice) => showLabels(parts, notice.buttons),
    playback: (notice) => playback.show({ ...notice, by: nameOf(notice.by, session.people) }),
    saves: (notice) => saves.show({ ...notice, store: notice.store || unkept(parts) }),
    done: (notice) => showDone(parts, notice),
    file: (notice) => saves.receive(notice),
    path_ends: () => session.pathEnds(),
  };
}

function showDone({ saves, toast, profile }, notice) {
  if (saves.done(notice)) return;
  if (notice.message) toast.show(notice.message);
  else if (notice.ok && notice.request === "save") toast.show(`${NOTICE.saved} ${unkept({ profile })}`);
  else if (notice.ok && notice.request === "load") toast.show(NOTICE.loaded);
}

/** What is to be known of saves in a browser that keeps nothing. */
const unkept = ({ profile }) => (profile.kept ? "" : PROFILE.unkept);

/** Show the core's own words for its buttons, or, before they have come, what every pad has. */
function showLabels({ legend }, buttons) {
  legend.setLabels(buttons);
  for (const key of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#touch [data-button]"))) {
    const button = key.dataset.button ?? "";
    // X, Y and the shoulders only where they do something.
    key.hidden = buttons ? !buttons[button] : ["1", "9", "10", "11"].includes(button);
  }
}

/** Send a file after its request, and say so if its connection breaks meanwhile. */
export async function sendFile({ current, session, toast }, request, bytes) {
  const { peer } = current;
  session.request(request);
  if (!(await peer?.sendFile(bytes))) toast.show(FILE.broken);
}
