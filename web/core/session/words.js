/**
 * Words for every failure: what is wrong, and what the player can do about it.
 *
 * Sentences that the server sends are shown as they are; this file adds the title and the advice.
 */

const FAILURES = Object.freeze({
  unreachable: {
    title: "The arcade doesn't answer",
    text: "The connection to the server can't be opened.",
    advice: "Check your network, and that the server is running. This page keeps trying by itself.",
  },
  turned_away: {
    title: "The arcade can't let you in",
    advice: "This page keeps trying by itself.",
  },
  lost: {
    title: "The connection to the server broke",
    text: "It broke while the game was starting.",
    advice: "Wait a moment for the server to come back, then try again.",
  },
  no_answer: {
    title: "No room opened in time",
    text: "The server took the request but did not answer it within 20 seconds.",
    advice: "It may be busy or short of workers: try again, or ask whoever runs it to look at its log.",
  },
  blocked: {
    title: "The picture can't get through",
    text: "The game is running, but no media connection to it could be made. Something between you and the server "
      + "blocks it: a firewall, a VPN, or a port that the server does not publish.",
    advice: "“Test the connection” in the settings says which ways to the gateway are open from here. Try another network "
      + "or switch the VPN off. If you run the server, publish its UDP ports, or its gateway's.",
  },
  no_gateway: {
    title: "There is no gateway to play through",
    text: "The server wants the picture to go through a gateway only, but it announces none that relays (a turn: address).",
    advice: "Whoever runs the server has to start its gateway, or to allow direct paths.",
  },
  no_gateway_chosen: {
    title: "There is no gateway to play through",
    text: "You chose to play through the gateway only, but the server announces none that relays (a turn: address).",
    advice: "Set the way to the server to Automatic in the settings, then try again.",
  },
  no_picture: {
    title: "Connected, but no picture came",
    text: "The connection to the room stands, but no frame could be shown within 5 seconds.",
    advice: "Choose another video codec in the settings, then try again.",
  },
  refused: {
    title: "The game could not start",
    advice: "Try again in a moment, or choose another game.",
  },
  not_let_in: {
    title: "You can't come into this room",
    advice: "Try again in a moment, or start a game of your own.",
  },
  ended: {
    title: "The game has ended",
    advice: "Try again to start it anew, or choose another game.",
  },
  gone: {
    title: "There is no way back to this game",
    advice: "Try again to start it anew, or choose another game.",
  },
  elsewhere: {
    final: true,
    title: "The game goes on elsewhere",
    text: "You play on in another tab or window.",
    advice: "Close this one, or choose another game.",
  },
  removed: {
    final: true,
    title: "You are not in this room any more",
    text: "The host of the room has removed you.",
    advice: "Choose a game of your own.",
  },
  no_webrtc: {
    title: "This browser can't play",
    text: "It has no WebRTC, which carries the picture and the sound. It may be switched off in its settings.",
    advice: "Switch WebRTC on, or open this page in a current Chrome, Edge, Firefox or Safari.",
  },
  codec: {
    title: "This browser can't decode that codec",
    text: "The video codec chosen in the settings is not one that this browser can decode.",
    advice: "Set the video codec to Automatic in the settings, then try again.",
  },
  ice_servers: {
    title: "The server's settings don't work here",
    text: "It names a STUN or TURN server in a form that this browser refuses.",
    advice: "Whoever runs the server has to correct its ICE server addresses.",
  },
  answer: {
    title: "The room's answer makes no sense",
    text: "The browser refused the connection that the room offered: no common video codec, or versions that don't match.",
    advice: "Set the video codec to Automatic in the settings and reload this page, then try again.",
  },
  garbage: {
    title: "The server said something unreadable",
    text: "This page got a message that it doesn't understand; page and server may be of different versions.",
    advice: "Reload this page. If that doesn't help, something else may be answering on this address.",
  },
});

/**
 * {code, title, text, advice, final} for a failure. `said` is the server's own words, which tell what is wrong and what to
 * do: then they are all that is said. `final` if trying again would do something else than what the player wanted.
 */
export function failure(code, said = "") {
  const known = FAILURES[Object.hasOwn(FAILURES, code) ? code : "refused"];
  const { title, text = "The server gave no reason.", advice, final = false } = known;
  return said ? { code, title, text: said, advice: "", final } : { code, title, text, advice, final };
}

/** Words for what goes on between the click and the first frame. */
export const PROGRESS = Object.freeze({
  asking: "Opening a room…",
  connecting: "Connecting to the room…",
  waiting: "Waiting for the first picture…",
});

/** Short notices, shown over the page for some seconds, and the reasons why a picture stands still. */
export const NOTICE = Object.freeze({
  serverLost: "The connection to the server broke. The game goes on; reconnecting…",
  serverBack: "The server is back.",
  serverAway: "The server doesn't answer at the moment. The game goes on; try again when the server is back.",
  roomAway: "The game can't be reached at the moment. Try again when the picture moves.",
  interrupted: "The connection is interrupted. Reconnecting…",
  pathEnds: "The way to the server changes. Reconnecting…",
  reloaded: "Going back to your seat…",
  watching: "You are watching. Who sits where, and which seat is free, is under People.",
  saved: "Saved.",
  loaded: "Loaded.",
  copied: "Link copied. Whoever opens it joins this room.",
  copyByHand: "The browser lets nothing be copied here. Mark this link and copy it yourself:",
  unreadable: "The server sent a message that this page can't read. If something is missing, reload the page.",
});

/** Words of the saves dialog. */
export const SAVES = Object.freeze({
  empty: "Empty",
  conflict: "two versions",
  other: "Another version, from",
  failed: "This did not work, and the room did not say why. Try again.",
  exported: "Exported: the file is among your downloads.",
  imported: "Imported: the game goes on from the file.",
});

/** Words on files that come in. */
export const FILE = Object.freeze({
  empty: "This file is empty. Choose another one.",
  tooLarge: "This file is larger than 64 MB, so it is none of a game's. Choose another one.",
  unreadable: "The browser can't read this file. Choose it again.",
  sending: "Sending the file…",
  broken: "The connection broke while the file was sent. Send it again when the picture moves.",
});

/** Words on the profile. */
export const PROFILE = Object.freeze({
  copied: "Code copied. Keep it like a password.",
  copyByHand: "The browser lets nothing be copied here. Mark the code and copy it yourself.",
  unkept: "This browser keeps nothing for this page, so a reload loses sight of your saves: note the code in the settings.",
  adopted: "Taken over. It holds from the next game on.",
  noCode: "This is no profile code: it has 26 letters and digits. Copy it again from the other browser.",
});

// ----- regions

/** The choice that leaves the region to the coordinator. */
export const CLOSEST = "Closest (automatic)";

/** Put a region in words, with what is known of it: {name, ms, full} of regions.js, or the name alone if it is not there. */
export function regionWords({ name, ms, full }) {
  if (full === undefined) return `${name}: not there now`;
  const away = { undefined: "…", null: "no answer" }[ms] ?? `${Math.round(ms)} ms`;
  return `${name}: ${away}${full ? ", full" : ""}`;
}

/** Say that a room is not where the player wants it. */
export function elsewhereWords(wanted, region) {
  return `${wanted} has no place for this room at the moment, so it is in ${region}.`;
}

// ----- the connection test

/** Said in place of results before the coordinator's first word. */
export const NOTHING_TO_TEST = "The arcade has not answered yet, so its gateway is not known.";

/** Put a result of ice_probe.js in one sentence. `several`: gateways of more than one name, so the name is said. */
export function wayWords({ way, outcome, ms, code }, several = false) {
  const gateway = several ? `the gateway ${way.host}` : "the gateway";
  const reaches = `${way.kind} reaches ${gateway}`;
  const fails = `${way.kind} does not reach ${gateway}`;
  const port = `${way.port}/${["UDP", "STUN"].includes(way.kind) ? "udp" : "tcp"}`;
  const distrust = way.kind === "TLS" ? ", or this browser does not trust its certificate" : "";
  return {
    reached: `${reaches} (ready in ${Math.round(ms)} ms).`,
    unreachable: `${fails}: a firewall may block port ${port}${distrust}.`,
    unresolved: `${fails}: the name ${way.host} has no address here.`,
    denied: `${reaches}, but it does not accept this page's credentials.`,
    full: `${reaches}, but it takes no more connections now.`,
    refused: `${reaches}, but it refuses with error ${code}.`,
    unusable: `${way.kind} can't be tested: this browser does not take the gateway's address.`,
  }[outcome];
}

/** Conclude what all results together mean for playing. */
export function conclusion(results, relayOnly) {
  const relays = results.filter(({ way }) => way.kind !== "STUN");
  const some = (outcome, kinds = ["UDP", "TCP", "TLS"]) =>
    relays.some((result) => result.outcome === outcome && kinds.includes(result.way.kind));
  if (relays.length === 0) {
    return relayOnly
      ? "The server announces no gateway that relays, so no game can go through it."
      : "The server announces no gateway that relays: a game needs a direct path. Starting one tells whether it is open.";
  }
  if (some("reached", ["UDP"])) return "Games play well from here, even where no direct path to the server is open.";
  if (some("reached")) {
    return "Games can be played from here, but each lost packet holds the picture up for a moment. "
      + "A network that lets UDP through plays better.";
  }
  if (some("denied")) {
    return "Reload this page for new credentials. If that doesn't help, whoever runs the server has to give the same "
      + "secret to the coordinator and the gateway.";
  }
  if (some("full") || some("refused")) {
    return "Leave the game if you are in one, and test again in a minute. If that doesn't help, the gateway's log says why.";
  }
  const then = relayOnly ? "so no game can be played from here" : "so a game plays only if a direct path to the server is open";
  return `Nothing gets through to the gateway, ${then}. Try another network, or switch the VPN off.`;
}
