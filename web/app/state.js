/** The session's state on the page: what is shown, grabbed and let go of when a game begins, stops short and ends. */

import { invitedRoom } from "../core/session/settings.js";
import { isGame } from "../core/session/states.js";
import { NOTICE, elsewhereWords } from "../core/session/words.js";
import { byId } from "../ui/dom.js";
import { drawArt } from "../ui/library.js";
import { news } from "../ui/people.js";

/** Tie the session's state, room, people and words to the parts. `updateControls()` is of controls.js. */
export function tieState(parts, updateControls) {
  const { current, session, settings, regions, library, lobby, toast, people, overlay, regionChoice } = parts;
  session.onstate = (state, failure) => showState(parts, state, failure, updateControls);
  session.ongames = (games) => library.show(games);
  session.onrooms = (rooms) => lobby.show(rooms);
  session.onwords = (sentence) => toast.show(sentence);
  session.onwhy = (sentence) => {
    byId("why").textContent = byId("progress").textContent = sentence;
  };
  session.onstarted = (room) => {
    current.game = room.game;
    showStarting(parts, room.game);
    showSeat(session);
    overlay.region = regions.places.length > 0 ? room.region : "";
    const wanted = settings.get("region");
    if (overlay.region && wanted && wanted !== room.region) toast.show(elsewhereWords(wanted, room.region));
  };
  session.onpeople = (now, before) => {
    people.show(now);
    showSeat(session);
    updateControls();
    const sentences = news(before, now);
    if (sentences.length > 0) toast.show(sentences.join(" "));
  };
  regions.onchange = () => regionChoice.show(regions.places);
  regions.onlikely = () => session.prepare();
}

function showState(parts, state, failure, updateControls) {
  const { current, session, library } = parts;
  const before = document.documentElement.dataset.state;
  document.documentElement.dataset.state = state;
  document.title = isGame(state) ? `${session.title} · coinop` : "coinop";
  if (isGame(before) && !isGame(state)) endPlaying(parts);
  if (state === "resuming") holdPicture(parts);
  if (state === "playing") beginPlaying(parts);
  updateControls();
  if (failure) showFailure(parts, failure);
  byId("lobby").inert = state !== "library";
  if (state === "library" && before !== "connecting" && current.game) library.focus(current.game.id);
  byId("status").textContent = state === "connecting" ? "Connecting…" : "";
}

function beginPlaying({ current, session, heartbeat, overlay, panel, bar, wakeLock, toast }) {
  heartbeat.grab();
  overlay.grab(current.peer);
  byId("play").classList.remove("held");
  if (current.shown) return; // in mid-game no dialog is closed, and the focus stays where it is
  current.shown = true;
  panel.close();
  bar.grab();
  wakeLock.grab();
  byId("stage").focus();
  if (session.room.seat === null) toast.show(NOTICE.watching);
}

/** Keep the last frame in sight while the path is dead, and what it takes to play on. */
function holdPicture({ screen, heartbeat, overlay }) {
  byId("play").classList.toggle("held", screen.hold());
  for (const part of [heartbeat, overlay]) part.ungrab();
}

function endPlaying({ current, heartbeat, overlay, bar, wakeLock, screen, saves, toast, people, playback }) {
  current.shown = false;
  for (const part of [heartbeat, overlay, bar, wakeLock]) part.ungrab();
  screen.clear();
  saves.close();
  toast.clear();
  people.show(null);
  playback.show(null);
  byId("play").classList.remove("held");
  // The link that led here has done its work: a reload shall show the library.
  if (invitedRoom(location)) history.replaceState(null, "", location.pathname);
}

/** Show which game is being started. */
export function showStarting({ current, session }, game = session.room?.game ?? current.game) {
  byId("starting-title").textContent = byId("playing-title").textContent = session.title;
  byId("starting-art").hidden = !game;
  if (game) drawArt(byId("starting-art"), game);
}

function showSeat(session) {
  const seat = session.room?.seat ?? null;
  byId("seat").textContent = seat === null ? "Watching" : `Player ${seat + 1}`;
}

function showFailure({ panel }, failure) {
  panel.close();
  byId("failure-title").textContent = failure.title;
  byId("failure-text").textContent = failure.text;
  byId("failure-advice").textContent = failure.advice;
  byId("retry").hidden = failure.final;
  byId(failure.final ? "dismiss" : "retry").focus();
}
