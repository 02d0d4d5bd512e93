/**
 * Which of the announced ways reach the gateway: one connection for each, which may use nothing but that way.
 *
 * A relay candidate is the gateway's answer to an Allocate with our credentials, so it proves the way whole. Leaves the
 * words to words.js and the list on the page to panel.js.
 */

/** Longer than two lost packets and a TLS handshake across the world; a firewall that says nothing never answers. */
const LIMIT_MS = 5000;

/** Error codes of a gateway (RFC 8656, section 19). A code of 700 or more is the browser's own: nothing answered. */
const OUTCOMES = Object.freeze({ 401: "denied", 486: "full", 508: "full" });
const FIRST_CODE_OF_BROWSER = 700;

/**
 * Test one way of ice.js. Never rejects: gives {way, outcome, ms, code}, with outcome
 * "reached" (after `ms`), "unreachable", "unresolved" (its name has no address), "denied" (the credentials), "full",
 * "refused" (any other error `code` of the gateway) or "unusable" (this browser doesn't take the way at all).
 *
 * `environment` has RTCPeerConnection, setTimeout, clearTimeout and now (ms).
 */
export function testWay(way, environment) {
  return new Promise((resolve) => new Trial(way, environment, resolve).run());
}

class Trial {
  constructor(way, environment, done) {
    this._way = way;
    this._environment = environment;
    this._done = done;
    this._connection = null;
    this._timer = null;
    this._error = null;
    this._began = 0;
  }

  async run() {
    const { RTCPeerConnection, setTimeout, now } = this._environment;
    // A STUN server relays nothing: with "relay" it would never be asked.
    const iceTransportPolicy = this._way.kind === "STUN" ? "all" : "relay";
    this._timer = setTimeout(() => this._fail(), LIMIT_MS);
    try {
      this._connection = new RTCPeerConnection({ iceServers: [this._way.server], iceTransportPolicy });
      this._listen();
      this._connection.createDataChannel("test"); // without a channel nothing is gathered
      const offer = await this._connection.createOffer(); // which takes its time, and asks nobody
      this._began = now();
      await this._connection.setLocalDescription(offer);
    } catch {
      this._end("unusable");
    }
  }

  _listen() {
    const connection = this._connection;
    const wanted = this._way.kind === "STUN" ? "srflx" : "relay";
    const reached = () => this._end("reached", { ms: this._environment.now() - this._began });
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate.includes(` typ ${wanted}`)) reached();
    };
    connection.onicegatheringstatechange = () => {
      if (connection.iceGatheringState !== "complete") return;
      // Without a NAT the address that the server tells is one that the browser knows: it makes no new candidate.
      if (wanted === "srflx" && !this._error) reached();
      else this._fail();
    };
    // One network interface may fail where another gets through, so an error alone decides nothing.
    connection.onicecandidateerror = (error) => {
      if (!this._error || error.errorCode < FIRST_CODE_OF_BROWSER) this._error = error;
    };
  }

  _fail() {
    const code = this._error?.errorCode ?? null;
    if (code !== null && code < FIRST_CODE_OF_BROWSER) this._end(OUTCOMES[code] ?? "refused", { code });
    else if (/lookup/i.test(this._error?.errorText ?? "")) this._end("unresolved", { code });
    else this._end("unreachable", { code });
  }

  /**
   * @param {string} outcome
   * @param {{ms?: number | null, code?: number | null}} figures
   */
  _end(outcome, { ms = null, code = null } = {}) {
    this._environment.clearTimeout(this._timer);
    const connection = this._connection;
    if (connection) {
      connection.onicecandidate = connection.onicegatheringstatechange = connection.onicecandidateerror = null;
      connection.close();
    }
    this._done({ way: this._way, outcome, ms, code }); // only the first call of a promise's resolve counts
  }
}
