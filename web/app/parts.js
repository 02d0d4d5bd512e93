/** Makes the page's parts, each with the elements of index.html that it works on. Ties nothing together. */

import { Gamepads } from "../core/input/gamepad.js";
import { DEFAULT_KEYS, Keyboard } from "../core/input/keyboard.js";
import { Pad } from "../core/input/pad.js";
import { TouchPad } from "../core/input/touch.js";
import { distance } from "../core/net/distance.js";
import { Heartbeat } from "../core/net/heartbeat.js";
import { configuration } from "../core/net/ice.js";
import { InputToPhotonMeter } from "../core/net/input_to_photon.js";
import { PeerConnection } from "../core/net/peer_connection.js";
import { Regions } from "../core/net/regions.js";
import { Signalling } from "../core/net/signalling.js";
import { SeatTokens } from "../core/session/seat_token.js";
import { Session } from "../core/session/session.js";
import { Settings } from "../core/session/settings.js";
import { PROFILE } from "../core/session/words.js";
import { Bar } from "../ui/bar.js";
import { byId } from "../ui/dom.js";
import { Legend } from "../ui/legend.js";
import { Library } from "../ui/library.js";
import { Lobby } from "../ui/lobby.js";
import { Overlay } from "../ui/overlay.js";
import { Panel } from "../ui/panel.js";
import { People } from "../ui/people.js";
import { PlaybackControls } from "../ui/playback.js";
import { Profile, ProfileForm } from "../ui/profile.js";
import { RegionChoice } from "../ui/region_choice.js";
import { Saves } from "../ui/saves.js";
import { Screen, WakeLock } from "../ui/screen.js";
import { Toast } from "../ui/toast.js";
import { environment, storage } from "./environment.js";

/** Make everything: {current, settings, session, ...}. `current` holds what changes: {peer, game, shown}. */
export function makeParts() {
  const stored = makeStored();
  const net = makeNet(stored);
  return { ...stored, ...net, ...makeDevices(), ...makeGameView(stored, net), ...makeDialogs(stored), ...makeShelves() };
}

function makeStored() {
  return {
    settings: new Settings(storage("localStorage"), location.search),
    profile: new Profile(storage("localStorage"), (bytes) => crypto.getRandomValues(bytes)),
    seatTokens: new SeatTokens(storage("sessionStorage")),
  };
}

function makeNet({ settings, profile, seatTokens }) {
  /**
   * The connection in use, the game that was chosen last, and whether its picture has been seen since it began or since
   * the reload.
   * @type {{peer: PeerConnection | null, game: any, shown: boolean}}
   */
  const current = { peer: null, game: null, shown: false };
  const send = (bytes) => current.peer?.sendInput(bytes);
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const signalling = new Signalling(`${scheme}://${location.host}/ws/player`, environment);
  const regions = new Regions((gateways) => distance(gateways, environment), () => settings.get("region"), environment);
  const makePeer = (ice) => new PeerConnection(configuration(ice, settings.get("path")), settings.get("codec"));
  const chosen = () => Object.fromEntries(["name", "scale", "listed", "region"].map((name) => [name, settings.get(name)]));
  const player = () => ({ profile: profile.code, ...chosen() });
  return {
    current, signalling, regions,
    session: new Session({ signalling, regions, seatTokens, environment, makePeer, player }),
    pad: new Pad(send, environment),
    heartbeat: new Heartbeat(send, environment),
    meter: new InputToPhotonMeter(),
  };
}

function makeDevices() {
  return {
    keyboard: new Keyboard(window, document),
    gamepads: new Gamepads(window, navigator, environment),
    touch: new TouchPad(byId("touch")),
  };
}

function makeGameView({ settings }, { meter, heartbeat }) {
  return {
    screen: new Screen({ stage: byId("stage"), video: byId("screen"), audio: byId("speaker"), still: byId("still") }),
    overlay: new Overlay(byId("stats"), meter, heartbeat),
    legend: new Legend(byId("legend-rows"), DEFAULT_KEYS),
    wakeLock: new WakeLock(),
    bar: new Bar({
      play: byId("play"), bar: byId("bar"), stage: byId("stage"), leave: byId("leave"), mute: byId("mute"),
      volume: byId("volume"), share: byId("share"), stats: byId("toggle-stats"), legend: byId("toggle-legend"),
      fullscreen: byId("fullscreen"), strip: byId("transport"),
    }, settings),
    people: new People({
      panel: byId("people"), toggle: byId("toggle-people"), close: byId("close-people"), count: byId("people-count"),
      seats: byId("seats"), watching: byId("watching"), host: byId("hosting"), locked: byId("locked"), listed: byId("listed"),
    }),
    playback: new PlaybackControls({
      strip: byId("transport"), badge: byId("badge"), rewind: byId("rewind"), pause: byId("pause"), fast: byId("fast"),
      factor: byId("factor"), reset: byId("reset"), resetLabel: byId("reset-label"), save: byId("quick-save"),
      load: byId("quick-load"),
    }),
  };
}

function makeDialogs({ settings, profile }) {
  return {
    panel: new Panel({
      dialog: byId("settings"), codecs: byId("codecs"), test: byId("test"), results: byId("test-results"),
      conclusion: byId("test-conclusion"),
    }, settings),
    regionChoice: new RegionChoice({ fieldset: byId("regions"), list: byId("region-list") }, settings),
    profileForm: new ProfileForm({
      code: byId("code"), show: byId("show-code"), copy: byId("copy-code"), field: byId("other-code"),
      adopt: byId("adopt-code"), said: byId("code-said"),
    }, profile, PROFILE),
    saves: new Saves({
      dialog: byId("saves"), open: byId("open-saves"), slots: byId("slots"), store: byId("store-said"),
      said: byId("saves-said"), exportState: byId("export-state"), exportBattery: byId("export-battery"),
      importState: byId("import-state"), importBattery: byId("import-battery"),
    }, environment),
    toast: new Toast(byId("toast"), document, environment),
  };
}

function makeShelves() {
  return {
    library: new Library({
      grid: byId("grid"), count: byId("count"), search: byId("search"), empty: byId("empty"), nothing: byId("nothing"),
    }),
    lobby: new Lobby(byId("open-rooms"), byId("rooms")),
  };
}
