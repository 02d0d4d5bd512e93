/** What the page changes in its own session description, and which video codecs it offers. Pure functions. */

/** Without `stereo=1` in the receiver's description Opus is decoded to mono (RFC 7587, section 6.1). */
const OPUS = Object.freeze({ minptime: "10", stereo: "1", "sprop-stereo": "0" });

/** Set the Opus parameters above in a description, and leave all others as they are. */
export function withStereoOpus(sdp) {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1];
  if (payload === undefined) return sdp;
  const line = new RegExp(`^a=fmtp:${payload} (.*?)(\r?)$`, "m");
  if (line.test(sdp)) return sdp.replace(line, (_, old, end) => `a=fmtp:${payload} ${merged(old)}${end}`);
  return sdp.replace(new RegExp(`^(a=rtpmap:${payload} .*?)(\r?\n)`, "m"),
    (_, map, end) => `${map}${end}a=fmtp:${payload} ${merged("")}${end}`);
}

function merged(parameters) {
  const given = parameters.split(";").map((item) => item.trim()).filter(Boolean);
  const kept = given.filter((item) => !Object.hasOwn(OPUS, item.split("=")[0].trim()));
  return [...kept, ...Object.entries(OPUS).map(([key, value]) => `${key}=${value}`)].join(";");
}

/**
 * List the codecs to prefer for a choice of the settings, from RTCRtpReceiver.getCapabilities("video").codecs.
 *
 * Null for "auto": the browser's own order stays. Empty if the browser has none of that kind. H.264 of
 * packetization-mode 1 comes first, since a frame of mode 0 must fit one packet.
 */
export function preferredCodecs(choice, codecs) {
  if (choice === "auto") return null;
  const wanted = codecs.filter((codec) => codec.mimeType.toLowerCase() === `video/${choice}`);
  if (wanted.length === 0) return [];
  const mode = (codec) => (/packetization-mode=1/.test(codec.sdpFmtpLine ?? "") ? 0 : 1);
  wanted.sort((one, other) => mode(one) - mode(other));
  return [...wanted, ...codecs.filter((codec) => /\/rtx$/i.test(codec.mimeType))];
}

/**
 * Tell whether a candidate line holds an mDNS name in place of an address (RFC 8828's mode for pages without a camera).
 *
 * Such candidates are not sent: the room could only resolve them on its own link, would wait a second for it, and
 * learns the address from our first connectivity check anyhow.
 */
export function isMdns(candidate) {
  return /^(?:a=)?candidate:\S+ \d+ \S+ \d+ \S+\.local /i.test(candidate);
}

/** Remove the mDNS candidates from a description. */
export function withoutMdns(sdp) {
  return sdp.split("\r\n").filter((line) => !isMdns(line)).join("\r\n");
}
