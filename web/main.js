/**
 * Wiring: makes the parts, ties their callbacks together, and puts the state on the page. Decides nothing itself.
 *
 * For tests: <html data-state>, #screen, button.tile[data-game-id], #failure, and coinop.stats(), which gives the
 * figures of the last second (stats.js, with rttMs and photonMs) or null.
 */

import { Bar } from "./bar.js";
import { Heartbeat } from "./heartbeat.js";
import { configuration, isRelayOnly, ways } from "./ice.js";
import { Gamepads } from "./input/gamepad.js";
import { DEFAULT_KEYS, Keyboard } from "./input/keyboard.js";
import { Pad } from "./input/pad.js";
import { TouchPad } from "./input/touch.js";
import { Legend } from "./legend.js";
import { Library, drawArt } from "./library.js";
import { NOTICE, PROGRESS } from "./messages.js";
import { Overlay } from "./overlay.js";
import { Panel } from "./panel.js";
import { Peer } from "./peer.js";
import { PhotonMeter } from "./photon.js";
import { Screen, WakeLock } from "./screen.js";
import { testWay } from "./selftest.js";
import { Session } from "./session.js";
import { Settings, invitation, invitedRoom } from "./settings.js";
import { Signalling } from "./signalling.js";

const NOTICE_SECONDS = 5;

const $ = (id) => document.getElementById(id);
const environment = {
  WebSocket,
  RTCPeerConnection: globalThis.RTCPeerConnection,
  setTimeout: (act, delay) => setTimeout(act, delay),
  clearTimeout: (timer) => clearTimeout(timer),
  setInterval: (act, delay) => setInterval(act, delay),
  clearInterval: (timer) => clearInterval(timer),
  requestAnimationFrame: (act) => requestAnimationFrame(act),
  cancelAnimationFrame: (frame) => cancelAnimationFrame(frame),
  now: () => performance.now(),
  random: Math.random,
};

// ----- the parts

const settings = new Settings(storage(), location.search);
const signalling = new Signalling(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/player`, environment);
const makePeer = (ice) => new Peer(configuration(ice, settings.get("path")), settings.get("codec"));
const session = new Session(signalling, makePeer, settings, environment);

let peer = null;
const send = (bytes) => peer.sendInput(bytes);
const pad = new Pad(send, environment);
const heartbeat = new Heartbeat(send, environment);
const meter = new PhotonMeter();
const keyboard = new Keyboard(window, document);
const gamepads = new Gamepads(window, navigator, environment);
const touch = new TouchPad($("touch"));

const library = new Library({ grid: $("grid"), count: $("count"), search: $("search"), empty: $("empty"), nothing: $("nothing") });
const screen = new Screen({ stage: $("stage"), video: $("screen"), audio: $("speaker") });
const overlay = new Overlay($("stats"), meter, heartbeat);
const legend = new Legend($("legend-rows"), DEFAULT_KEYS);
const panel = new Panel({
  dialog: $("settings"), test: $("test"), results: $("test-results"), conclusion: $("test-conclusion"),
}, settings);
const wakeLock = new WakeLock();
const bar = new Bar({
  play: $("play"), bar: $("bar"), stage: $("stage"), leave: $("leave"), mute: $("mute"), volume: $("volume"),
  share: $("share"), stats: $("toggle-stats"), legend: $("toggle-legend"), fullscreen: $("fullscreen"),
}, settings);

// ----- the input's way: device -> pad -> connection

for (const device of [keyboard, gamepads, touch]) {
  const share = pad.share();
  device.onchange = (buttons, time, axes) => share.update(buttons, time, axes);
}
pad.onsent = (sequence, time) => meter.sent(sequence, time);
document.addEventListener("visibilitychange", (event) => document.hidden && pad.release(event.timeStamp));
addEventListener("pagehide", (event) => pad.release(event.timeStamp));

const players = [pad, keyboard, gamepads, touch];

function seated() {
  return session.room?.seat !== null;
}

// ----- a connection, from its first to its last moment

session.onpeer = (made) => {
  peer = made;
  meter.reset();
  peer.onreply = ({ ping, applied }) => {
    if (ping) heartbeat.echo(ping.sequence);
    if (applied) meter.applied(applied.sequence, applied.rtp);
  };
  labelled(null);
  screen.show(peer.tracks);
  showStarting();
};

session.onprogress = (step) => {
  $("progress").textContent = PROGRESS[step];
};

session.onstarted = (room) => {
  showStarting(room.game);
  $("seat").textContent = room.seat === null ? "Watching" : `Player ${room.seat + 1}`;
};

session.onnotice = (notice) => {
  if (notice.type === "picture") screen.setPicture(notice);
  if (notice.type === "message") toast(notice.text, notice.seconds);
  if (notice.type === "rumble") gamepads.rumble(notice.strong, notice.weak);
  if (notice.type === "controls") labelled(notice.buttons);
};

screen.onfirst = () => session.pictureShown();
screen.onframe = ({ rtpTimestamp, expectedDisplayTime }) => {
  if (rtpTimestamp !== undefined) meter.frame(rtpTimestamp, expectedDisplayTime);
};
screen.onsilenced = (silenced) => {
  $("sound").hidden = !silenced;
};

function labelled(buttons) {
  legend.setLabels(buttons);
  for (const key of document.querySelectorAll("#touch [data-button]")) {
    // Without the core's word: what every pad has. X, Y and the shoulders only where they do something.
    key.hidden = buttons ? !buttons[key.dataset.button] : ["1", "9", "10", "11"].includes(key.dataset.button);
  }
}

// ----- the state on the page

session.onstate = (state, failed) => {
  const before = document.documentElement.dataset.state;
  document.documentElement.dataset.state = state;
  document.title = ["starting", "playing"].includes(state) ? `${session.title} · coinop` : "coinop";
  if (before === "playing" || (before === "starting" && state !== "playing")) endPlaying();
  if (state === "playing") beginPlaying();
  if (failed) showFailure(failed);
  $("lobby").inert = state !== "library";
  $("status").textContent = state === "connecting" ? "Connecting…" : "";
};

session.ongames = (games) => library.show(games);
session.onwords = (words) => toast(words);

function beginPlaying() {
  panel.close();
  heartbeat.grab();
  overlay.grab(peer);
  bar.grab();
  wakeLock.grab();
  $("stage").focus();
  if (seated()) for (const part of players) part.grab();
  else toast(NOTICE.watching);
}

function endPlaying() {
  for (const part of [...players, heartbeat, overlay, bar, wakeLock]) part.ungrab();
  screen.clear();
  // The link that led here has done its work: a reload shall show the library.
  if (invitedRoom(location)) history.replaceState(null, "", location.pathname);
}

function showStarting(game = chosen) {
  $("starting-title").textContent = $("playing-title").textContent = session.title;
  $("starting-art").hidden = !game;
  if (game) drawArt($("starting-art"), game);
}

function showFailure(failed) {
  panel.close();
  $("failure-title").textContent = failed.title;
  $("failure-text").textContent = failed.text;
  $("failure-advice").textContent = failed.advice;
  $("retry").focus();
}

let toastTimer = null;

function toast(words, seconds = NOTICE_SECONDS) {
  $("toast").textContent = words;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => $("toast").replaceChildren(), 1000 * seconds);
}

// ----- what the player does

let chosen = null;

library.onchoose = (game) => {
  chosen = game;
  session.start(game);
};
bar.onleave = () => session.leave();
bar.onshare = async () => {
  if (!session.room) return;
  const link = invitation(session.room.id, location);
  try {
    await navigator.clipboard.writeText(link);
    toast(NOTICE.copied);
  } catch {
    toast(link, 20); // no clipboard without TLS: the link can be read and copied by hand
  }
};
$("retry").addEventListener("click", () => session.retry());
$("dismiss").addEventListener("click", () => session.leave());
$("sound").addEventListener("click", () => screen.unsilence());
for (const id of ["open-settings", "failure-settings", "playing-settings"]) {
  $(id).addEventListener("click", () => panel.open());
}
addEventListener("online", () => signalling.hurry());
addEventListener("hashchange", () => joinInvited());

function joinInvited() {
  const room = invitedRoom(location);
  if (!room) return;
  chosen = null;
  session.join(room);
}

// ----- settings

function applySettings() {
  bar.render();
  screen.setFit(settings.get("fit"));
  screen.setVolume(settings.get("volume"), settings.get("muted"));
  overlay.shown = settings.get("stats");
  $("play").classList.toggle("with-legend", settings.get("legend"));
}

settings.onchange = (name) => {
  applySettings();
  if (name === "codec" || name === "path") session.prepare();
};

panel.ontest = () => session.ice && {
  tests: ways(session.ice.iceServers).map((way) => ({ way, result: testWay(way, environment) })),
  relayOnly: isRelayOnly(session.ice, settings.get("path")),
};

function storage() {
  try {
    return localStorage;
  } catch {
    return null; // switched off in the browser: nothing is kept
  }
}

// ----- go

window.coinop = Object.freeze({ stats: () => overlay.latest });
applySettings();
legend.render();
navigator.keyboard?.getLayoutMap?.().then((layout) => legend.setLayout(layout), () => {});
joinInvited();
signalling.open();
