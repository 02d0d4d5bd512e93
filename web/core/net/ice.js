/**
 * The gateways that the coordinator announced: as a configuration for RTCPeerConnection, and as single ways to test.
 *
 * Pure functions. Leaves to session.js when a connection is made, and to ice_probe.js how a way is tested.
 */

import { PeerConnectionError } from "./peer_connection.js";

/** RFC 7064 and RFC 7065; an IPv6 address stands in brackets. */
const URL_FORM = /^(stun|turns?):(\[[^\]]+\]|[^:?]+)(?::(\d{1,5}))?(?:\?transport=(udp|tcp))?$/i;
const DEFAULT_PORT = Object.freeze({ stun: 3478, turn: 3478, turns: 5349 });

/** Read {iceServers, relayOnly} of a `welcome` or an `ice_servers`. */
export function announced(message) {
  return { iceServers: message.ice_servers ?? [], relayOnly: message.relay_only ?? false };
}

/** Tell whether media goes through a gateway only, by the server's order or by the setting `path` ("auto" or "relay"). */
export function isRelayOnly(ice, path) {
  return Boolean(ice?.relayOnly) || path === "relay";
}

/** A browser asks each URL for a candidate, and Chromium takes no more TURN servers than this. */
const MAX_URLS = 32;

/** Keep these URLs of the ICE servers, and no others. */
export function only(iceServers, urls) {
  return iceServers
    .map((server) => ({ ...server, urls: server.urls.filter((url) => urls.includes(url)) }))
    .filter((server) => server.urls.length > 0);
}

/** Keep as many as a browser takes: no server is left out for another one's second URL. */
function limited(iceServers) {
  const all = iceServers.flatMap(({ urls }) => urls.map((url, place) => ({ url, place })));
  if (all.length <= MAX_URLS) return iceServers;
  return only(iceServers, all.sort((one, other) => one.place - other.place).slice(0, MAX_URLS).map(({ url }) => url));
}

/**
 * Make the configuration that RTCPeerConnection takes. Without relay-only the browser itself prefers a direct path where there is one.
 *
 * Throws PeerConnectionError if media may only go through a gateway and none is announced: such a connection can never come up.
 */
export function configuration(ice, path) {
  const iceServers = limited(ice.iceServers);
  if (!isRelayOnly(ice, path)) return { iceServers, iceTransportPolicy: "all" };
  const relays = ice.iceServers.some(({ urls }) => urls.some((url) => /^turns?:/i.test(url)));
  if (!relays) throw new PeerConnectionError(ice.relayOnly ? "no_gateway" : "no_gateway_chosen");
  return { iceServers, iceTransportPolicy: "relay" };
}

/**
 * List each way to a gateway by itself: {kind, host, port, server}, with kind "STUN", "UDP", "TCP" or "TLS" and `server` an
 * RTCIceServer of just this URL. Each way once; what browsers don't speak (TURN over DTLS) is left out.
 */
export function ways(iceServers) {
  const found = new Map();
  for (const server of iceServers) {
    for (const url of server.urls) {
      const way = wayOf(url, server);
      if (way && !found.has(url)) found.set(url, way);
    }
  }
  return [...found.values()];
}

/** More would only ask more of the same region. */
const MAX_STUN_URLS = 3;

/** Make an RTCIceServer that asks these gateways over UDP by which address they see us; null if none can be asked so. */
export function stunServer(gateways) {
  const asked = ways([{ urls: gateways }]).filter(({ kind }) => kind === "STUN" || kind === "UDP");
  const urls = [...new Set(asked.map(({ host, port }) => `stun:${host}:${port}`))];
  return urls.length > 0 ? { urls: urls.slice(0, MAX_STUN_URLS) } : null;
}

function wayOf(url, server) {
  const parts = URL_FORM.exec(url);
  if (!parts) return null;
  const scheme = parts[1].toLowerCase();
  const kind = kindOf(scheme, parts[4]?.toLowerCase());
  const port = Number(parts[3] ?? DEFAULT_PORT[scheme]);
  return kind && { kind, host: parts[2], port, server: { ...server, urls: [url] } };
}

function kindOf(scheme, transport) {
  if (scheme === "stun") return "STUN";
  if (scheme === "turns") return transport === "udp" ? null : "TLS";
  return transport === "tcp" ? "TCP" : "UDP";
}
