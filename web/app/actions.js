/** What the player does on the page, told to the session: choosing, inviting, asking, and the settings. */

import { isRelayOnly, ways } from "../core/net/ice.js";
import { testWay } from "../core/net/ice_probe.js";
import { invitation, invitedRoom } from "../core/session/settings.js";
import { NOTICE } from "../core/session/words.js";
import { renameMessage, setRoomMessage } from "../core/wire/coordinator.js";
import { byId } from "../ui/dom.js";
import { sendFile } from "./connection.js";
import { environment } from "./environment.js";

/** Tie clicks, dialogs and settings to the session. */
export function tieActions(parts) {
  const { current, session, library, lobby, people, playback, saves, bar, screen, panel, profileForm } = parts;
  library.onchoose = (game) => {
    current.game = game;
    session.start(game);
  };
  lobby.onchoose = ({ room, game, free_seats: free }) => {
    current.game = game;
    session.join(room, { title: game.title, watch: free === 0 });
  };
  people.onask = (message) => session.ask(message);
  people.onset = (changes) => session.ask(setRoomMessage(changes));
  playback.onrequest = saves.onrequest = (request) => session.request(request);
  saves.onsend = (request, bytes) => sendFile(parts, request, bytes);
  bar.onleave = () => session.leave();
  bar.onshare = () => invite(parts);
  byId("invite").addEventListener("click", () => invite(parts));
  byId("retry").addEventListener("click", () => session.retry());
  byId("dismiss").addEventListener("click", () => session.leave());
  byId("sound").addEventListener("click", () => screen.unsilence());
  for (const id of ["open-settings", "failure-settings", "playing-settings"]) {
    byId(id).addEventListener("click", () => panel.open());
  }
  byId("settings").addEventListener("close", () => profileForm.close());
  addEventListener("online", () => session.hurry());
  addEventListener("hashchange", () => joinInvited(parts));
  tieSettings(parts);
}

/** Join the room that the address names, if it names one. */
export function joinInvited({ current, session }) {
  const room = invitedRoom(location);
  if (!room) return;
  current.game = null;
  session.join(room);
}

async function invite({ session, toast }) {
  if (!session.room) return;
  const link = invitation(session.room.id, location);
  try {
    await navigator.clipboard.writeText(link);
    toast.show(NOTICE.copied);
  } catch {
    toast.show(`${NOTICE.copyByHand} ${link}`, 20); // no clipboard without TLS
  }
}

function tieSettings(parts) {
  const { session, settings, panel } = parts;
  byId("nickname").addEventListener("change", ({ target }) => settings.set("name", target.value.trim()));
  settings.onchange = (name) => {
    applySettings(parts);
    if (["codec", "path", "region"].includes(name)) session.prepare();
    if (name === "name" && session.room) session.ask(renameMessage(settings.get("name")));
  };
  panel.ontest = () => session.ice && {
    tests: ways(session.ice.iceServers).map((way) => ({ way, result: testWay(way, environment) })),
    relayOnly: isRelayOnly(session.ice, settings.get("path")),
  };
  applySettings(parts);
}

function applySettings({ settings, bar, screen, overlay }) {
  bar.render();
  screen.setFit(settings.get("fit"));
  screen.setVolume(settings.get("volume"), settings.get("muted"));
  overlay.shown = settings.get("stats");
  byId("nickname").value = settings.get("name");
  byId("play").classList.toggle("with-legend", settings.get("legend"));
}
