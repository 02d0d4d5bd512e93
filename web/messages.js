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
      + "blocks UDP: a firewall, a VPN, or a port that the server does not publish.",
    advice: "Try another network or switch the VPN off. If you run the server, publish its UDP ports, or its gateway's.",
  },
  no_picture: {
    title: "Connected, but no picture came",
    text: "The connection to the room stands, but no frame could be shown within 5 seconds.",
    advice: "Choose another video codec in the settings, then try again.",
  },
  cut: {
    title: "The connection to the room broke",
    text: "The network went away for too long, or the room ended without a word.",
    advice: "Check your network, then try again.",
  },
  refused: {
    title: "The game could not start",
    advice: "Try again in a moment, or choose another game.",
  },
  ended: {
    title: "The game has ended",
    advice: "Try again to start it anew, or choose another game.",
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
 * {code, title, text, advice} for a failure. `said` is the server's own words, which tell what is wrong and what to do:
 * then they are all that is said.
 */
export function failure(code, said = "") {
  const { title, text = "The server gave no reason.", advice } = FAILURES[Object.hasOwn(FAILURES, code) ? code : "refused"];
  return said ? { code, title, text: said, advice: "" } : { code, title, text, advice };
}

/** Words for what goes on between the click and the first frame. */
export const PROGRESS = Object.freeze({
  asking: "Opening a room…",
  connecting: "Connecting to the room…",
  waiting: "Waiting for the first picture…",
});

/** Short notices, shown over the page for some seconds. */
export const NOTICE = Object.freeze({
  serverLost: "The connection to the server broke. The game goes on; reconnecting…",
  serverBack: "The server is back.",
  interrupted: "The connection is interrupted. Waiting for it to come back…",
  resumed: "Connected again.",
  watching: "Every seat is taken: you are watching.",
  copied: "Link copied. Whoever opens it joins this room.",
  unreadable: "The server sent a message that this page can't read. If something is missing, reload the page.",
});
