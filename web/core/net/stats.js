/**
 * Arithmetic on RTCPeerConnection.getStats(): two reports in, figures for a person out. Nothing is drawn here.
 *
 * Counters of the standard run from the connection's start, so a rate is a difference between two reports.
 */

/**
 * What happened between two reports (RTCStatsReport or Map; `before` may be null). A figure that can't be known is null:
 * {fps, kbps, jitterBufferMs, decodeMs, freezes, lost, codec, width, height, path, rttMs}.
 */
export function figures(before, now) {
  const video = inbound(now, "video");
  const audio = inbound(now, "audio");
  const earlier = before && video ? before.get(video.id) : null;
  const pair = selectedPair(now);
  const since = (name) => difference(earlier, video, name);
  const seconds = earlier ? (video.timestamp - earlier.timestamp) / 1000 : 0;
  return {
    fps: ratio(since("framesDecoded"), seconds),
    kbps: ratio(bits(before, video) + bits(before, audio), seconds * 1000),
    jitterBufferMs: ratio(1000 * since("jitterBufferDelay"), since("jitterBufferEmittedCount")),
    decodeMs: ratio(1000 * since("totalDecodeTime"), since("framesDecoded")),
    freezes: video?.freezeCount ?? null,
    lost: video?.packetsLost ?? null,
    codec: (video && now.get(video.codecId)?.mimeType?.replace(/^video\//, "")) ?? null,
    width: video?.frameWidth ?? null,
    height: video?.frameHeight ?? null,
    path: path(now, pair),
    rttMs: Number.isFinite(pair?.currentRoundTripTime) ? 1000 * pair.currentRoundTripTime : null,
  };
}

function inbound(report, kind) {
  for (const entry of report.values()) {
    if (entry.type === "inbound-rtp" && entry.kind === kind) return entry;
  }
  return null;
}

/** Find the pair in use: the transport names it; Firefox marks the pair itself. */
function selectedPair(report) {
  let marked = null;
  for (const entry of report.values()) {
    if (entry.type === "transport" && report.has(entry.selectedCandidatePairId)) {
      return report.get(entry.selectedCandidatePairId);
    }
    if (entry.type === "candidate-pair" && (entry.selected || (entry.nominated && entry.state === "succeeded"))) {
      marked ??= entry;
    }
  }
  return marked;
}

/** Name the path: "direct", or such as "through the gateway (UDP)": by what the browser talks to the gateway. */
function path(report, pair) {
  const local = report.get(pair?.localCandidateId);
  if (!local) return null;
  if (local.candidateType !== "relay") return "direct";
  return local.relayProtocol ? `through the gateway (${local.relayProtocol.toUpperCase()})` : "through the gateway";
}

function difference(before, now, name) {
  if (!before || !Number.isFinite(now?.[name]) || !Number.isFinite(before[name])) return NaN;
  return now[name] - before[name];
}

function bits(before, now) {
  if (!now) return 0;
  return 8 * difference(before?.get(now.id), now, "bytesReceived");
}

function ratio(amount, per) {
  return Number.isFinite(amount) && per > 0 ? amount / per : null;
}
