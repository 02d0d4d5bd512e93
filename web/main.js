/**
 * Wiring: makes the parts, ties their callbacks together, and puts the state on the page. Decides nothing itself.
 *
 * For tests: <html data-state>, #screen, button.tile[data-game-id], #failure, and coinop.stats(), which gives the
 * figures of the last second (stats.js, with rttMs and photonMs) or null.
 */

import { Bar } from "./ui/bar.js";
import { distance } from "./core/net/distance.js";
import { Heartbeat } from "./core/net/heartbeat.js";
import { configuration, isRelayOnly, ways } from "./core/net/ice.js";
import { Gamepads } from "./core/input/gamepad.js";
import { DEFAULT_KEYS, Keyboard } from "./core/input/keyboard.js";
import { Pad } from "./core/input/pad.js";
import { TouchPad } from "./core/input/touch.js";
import { Legend } from "./ui/legend.js";
import { Library, drawArt } from "./ui/library.js";
import { FILE, NOTICE, PROFILE, PROGRESS, elsewhereWords } from "./core/session/words.js";
import { Overlay } from "./ui/overlay.js";
import { Panel } from "./ui/panel.js";
import { Peer } from "./core/net/peer.js";
import { People, nameOf, news } from "./ui/people.js";
import { PhotonMeter } from "./core/net/input_to_photon.js";
import { Playback } from "./ui/playback.js";
import { Profile, ProfileForm } from "./ui/profile.js";
import { RegionChoice } from "./ui/region_choice.js";
import { Regions } from "./core/net/regions.js";
import { OpenRooms } from "./ui/lobby.js";
import { Saves } from "./ui/saves.js";
import { Screen, WakeLock } from "./ui/screen.js";
import { testWay } from "./core/net/ice_probe.js";
import { Session } from "./core/session/session.js";
import { Settings, invitation, invitedRoom } from "./core/session/settings.js";
import { Signalling } from "./core/net/signalling.js";
import { isGame } from "./core/session/states.js";
import { Tickets } from "./core/session/seat_token.js";
import { Toast } from "./ui/toast.js";
import { renameMessage, setRoomMessage } from "./core/wire/messages.js";

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
  unixSeconds: () => Date.now() / 1000,
  random: Math.random,
};

// ----- the parts

const settings = new Settings(storage("localStorage"), location.search);
const profile = new Profile(storage("localStorage"), (bytes) => crypto.getRandomValues(bytes));
const tickets = new Tickets(storage("sessionStorage"));
const signalling = new Signalling(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/player`, environment);
const regions = new Regions((gateways) => distance(gateways, environment), () => settings.get("region"), environment);
const session = new Session({
  signalling, regions, tickets, environment,
  makePeer: (ice) => new Peer(configuration(ice, settings.get("path")), settings.get("codec")),
  player: () => ({
    profile: profile.code,
    ...Object.fromEntries(["name", "scale", "listed", "region"].map((name) => [name, settings.get(name)])),
  }),
});

let peer = null;
const send = (bytes) => peer.sendInput(bytes);
const pad = new Pad(send, environment);
const heartbeat = new Heartbeat(send, environment);
const meter = new PhotonMeter();
const keyboard = new Keyboard(window, document);
const gamepads = new Gamepads(window, navigator, environment);
const touch = new TouchPad($("touch"));

const library = new Library({ grid: $("grid"), count: $("count"), search: $("search"), empty: $("empty"), nothing: $("nothing") });
const openRooms = new OpenRooms($("open-rooms"), $("rooms"));
const screen = new Screen({ stage: $("stage"), video: $("screen"), audio: $("speaker"), still: $("still") });
const overlay = new Overlay($("stats"), meter, heartbeat);
const legend = new Legend($("legend-rows"), DEFAULT_KEYS);
const panel = new Panel({
  dialog: $("settings"), test: $("test"), results: $("test-results"), conclusion: $("test-conclusion"),
}, settings);
const regionChoice = new RegionChoice({ fieldset: $("regions"), list: $("region-list") }, settings);
const profileForm = new ProfileForm({
  code: $("code"), show: $("show-code"), copy: $("copy-code"), field: $("other-code"), adopt: $("adopt-code"), said: $("code-said"),
}, profile, PROFILE);
const toasts = new Toast($("toast"), document, environment);
const toast = (words, seconds) => toasts.say(words, seconds);
const wakeLock = new WakeLock();
const bar = new Bar({
  play: $("play"), bar: $("bar"), stage: $("stage"), leave: $("leave"), mute: $("mute"), volume: $("volume"),
  share: $("share"), stats: $("toggle-stats"), legend: $("toggle-legend"), fullscreen: $("fullscreen"), strip: $("transport"),
}, settings);
const people = new People({
  panel: $("people"), toggle: $("toggle-people"), close: $("close-people"), count: $("people-count"), seats: $("seats"),
  watching: $("watching"), host: $("hosting"), locked: $("locked"), listed: $("listed"),
});
const playback = new Playback({
  strip: $("transport"), badge: $("badge"), rewind: $("rewind"), pause: $("pause"), fast: $("fast"), factor: $("factor"),
  reset: $("reset"), resetLabel: $("reset-label"), save: $("quick-save"), load: $("quick-load"),
});
const saves = new Saves({
  dialog: $("saves"), open: $("open-saves"), slots: $("slots"), store: $("store-said"), said: $("saves-said"),
  exportState: $("export-state"), exportBattery: $("export-battery"), importState: $("import-state"),
  importBattery: $("import-battery"),
}, environment);

// ----- the input's way: device -> pad -> connection

for (const device of [keyboard, gamepads, touch]) {
  const share = pad.share();
  device.onchange = (buttons, time, axes) => share.update(buttons, time, axes);
}
pad.onsent = (sequence, time) => meter.sent(sequence, time);
document.addEventListener("visibilitychange", (event) => document.hidden && pad.release(event.timeStamp));
addEventListener("pagehide", (event) => pad.release(event.timeStamp));

/** What only somebody with a seat uses, and whether it is in use. */
const players = [pad, keyboard, gamepads, touch, playback];
let inPlay = false;

/** Give the pad to whoever sits, and take it from whoever only watches. */
function takeControls() {
  const seated = isGame(session.state) && (session.room?.seat ?? null) !== null;
  const wanted = seated && (session.state === "playing" || inPlay);
  saves.seated = seated;
  if (wanted === inPlay) return;
  inPlay = wanted;
  for (const part of players) wanted ? part.grab() : part.ungrab();
}

// ----- a connection, from its first to its last moment

session.listen({
  onpeer(made) {
    peer = made;
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
    if (session.state === "starting") labelled(null);
    showStarting();
  },
  onprogress(step) {
    if (session.state === "starting") $("progress").textContent = PROGRESS[step];
  },
  onnotice(notice) {
    heartbeat.alive();
    const take = {
      picture: () => screen.setPicture(notice),
      message: () => toast(notice.text, notice.seconds),
      rumble: () => gamepads.rumble(notice.strong, notice.weak),
      controls: () => labelled(notice.buttons),
      playback: () => playback.show({ ...notice, by: nameOf(notice.by, session.people) }),
      saves: () => saves.show({ ...notice, store: notice.store || unkept() }),
      done: () => done(notice),
      file: () => saves.receive(notice),
      path_ends: () => session.pathEnds(),
    }[notice.type];
    take();
  },
});

session.onstarted = (room) => {
  chosen = room.game;
  showStarting(room.game);
  showSeat();
  overlay.region = regions.places.length > 0 ? room.region : "";
  const wanted = settings.get("region");
  if (overlay.region && wanted && wanted !== room.region) toast(elsewhereWords(wanted, room.region));
};

regions.onchange = () => regionChoice.show(regions.places);
regions.onlikely = () => session.prepare();

session.onpeople = (now, before) => {
  people.show(now);
  showSeat();
  takeControls();
  const words = news(before, now);
  if (words.length > 0) toast(words.join(" "));
};

function showSeat() {
  const seat = session.room?.seat ?? null;
  $("seat").textContent = seat === null ? "Watching" : `Player ${seat + 1}`;
}

/** What is to be known of saves in a browser that keeps nothing. */
const unkept = () => (profile.kept ? "" : PROFILE.unkept);

function done(notice) {
  if (saves.done(notice)) return;
  if (notice.message) toast(notice.message);
  else if (notice.ok && notice.request === "save") toast(`${NOTICE.saved} ${unkept()}`);
  else if (notice.ok && notice.request === "load") toast(NOTICE.loaded);
}

screen.onfirst = () => session.pictureShown();
screen.onframe = ({ rtpTimestamp, expectedDisplayTime }) => {
  heartbeat.alive();
  if (rtpTimestamp !== undefined) meter.frame(rtpTimestamp, expectedDisplayTime);
};
screen.onsilenced = (silenced) => {
  $("sound").hidden = !silenced;
};
heartbeat.ondead = () => session.broken();

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
  document.title = isGame(state) ? `${session.title} · coinop` : "coinop";
  if (isGame(before) && !isGame(state)) endPlaying();
  if (state === "resuming") stopShort();
  if (state === "playing") beginPlaying();
  takeControls();
  if (failed) showFailure(failed);
  $("lobby").inert = state !== "library";
  if (state === "library" && before !== "connecting" && chosen) library.focus(chosen.id);
  $("status").textContent = state === "connecting" ? "Connecting…" : "";
};

session.ongames = (games) => library.show(games);
session.onrooms = (rooms) => openRooms.show(rooms);
session.onwords = (words) => toast(words);
session.onwhy = (words) => {
  $("why").textContent = $("progress").textContent = words;
};

/** Whether the picture has been seen since the game began, or since the reload. */
let begun = false;

function beginPlaying() {
  heartbeat.grab();
  overlay.grab(peer);
  $("play").classList.remove("held");
  if (begun) return; // in mid-game no dialog is closed, and the focus stays where it is
  begun = true;
  panel.close();
  bar.grab();
  wakeLock.grab();
  $("stage").focus();
  if (session.room.seat === null) toast(NOTICE.watching);
}

/** The path is dead: the last frame stays, and what it takes to play on is kept. */
function stopShort() {
  $("play").classList.toggle("held", screen.hold());
  for (const part of [heartbeat, overlay]) part.ungrab();
}

function endPlaying() {
  begun = false;
  for (const part of [heartbeat, overlay, bar, wakeLock]) part.ungrab();
  screen.clear();
  saves.close();
  toasts.clear();
  people.show(null);
  playback.show(null);
  $("play").classList.remove("held");
  // The link that led here has done its work: a reload shall show the library.
  if (invitedRoom(location)) history.replaceState(null, "", location.pathname);
}

function showStarting(game = session.room?.game ?? chosen) {
  $("starting-title").textContent = $("playing-title").textContent = session.title;
  $("starting-art").hidden = !game;
  if (game) drawArt($("starting-art"), game);
}

function showFailure(failed) {
  panel.close();
  $("failure-title").textContent = failed.title;
  $("failure-text").textContent = failed.text;
  $("failure-advice").textContent = failed.advice;
  $("retry").hidden = failed.final;
  $(failed.final ? "dismiss" : "retry").focus();
}

// ----- what the player does

let chosen = null;

library.onchoose = (game) => {
  chosen = game;
  session.start(game);
};
openRooms.onchoose = ({ room, game, free_seats: free }) => {
  chosen = game;
  session.join(room, { title: game.title, watch: free === 0 });
};
people.onask = (message) => session.ask(message);
people.onset = (changes) => session.ask(setRoomMessage(changes));
playback.onrequest = saves.onrequest = (request) => session.request(request);
saves.onsend = async (request, bytes) => {
  const way = peer;
  session.request(request);
  if (!(await way.sendFile(bytes))) toast(FILE.broken);
};
$("nickname").addEventListener("change", ({ target }) => settings.set("name", target.value.trim()));
bar.onleave = () => session.leave();
bar.onshare = () => invite();
$("invite").addEventListener("click", () => invite());

async function invite() {
  if (!session.room) return;
  const link = invitation(session.room.id, location);
  try {
    await navigator.clipboard.writeText(link);
    toast(NOTICE.copied);
  } catch {
    toast(`${NOTICE.copyByHand} ${link}`, 20); // no clipboard without TLS
  }
}

$("retry").addEventListener("click", () => session.retry());
$("dismiss").addEventListener("click", () => session.leave());
$("sound").addEventListener("click", () => screen.unsilence());
for (const id of ["open-settings", "failure-settings", "playing-settings"]) {
  $(id).addEventListener("click", () => panel.open());
}
$("settings").addEventListener("close", () => profileForm.close());
addEventListener("online", () => session.hurry());
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
  $("nickname").value = settings.get("name");
  $("play").classList.toggle("with-legend", settings.get("legend"));
}

settings.onchange = (name) => {
  applySettings();
  if (["codec", "path", "region"].includes(name)) session.prepare();
  if (name === "name" && session.room) session.ask(renameMessage(settings.get("name")));
};

panel.ontest = () => session.ice && {
  tests: ways(session.ice.iceServers).map((way) => ({ way, result: testWay(way, environment) })),
  relayOnly: isRelayOnly(session.ice, settings.get("path")),
};

function storage(kind) {
  try {
    return window[kind];
  } catch {
    return null; // switched off in the browser: nothing is kept
  }
}

// ----- go

window.coinop = Object.freeze({ stats: () => overlay.latest });
applySettings();
legend.render();
navigator.keyboard?.getLayoutMap?.().then((layout) => legend.setLayout(layout), () => {});
signalling.open();
const kept = tickets.read();
// A link to another room than the one before the reload is a wish to go there.
if (!kept || ![null, kept.room].includes(invitedRoom(location))) joinInvited();
else session.resume();
