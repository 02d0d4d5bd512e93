import assert from "node:assert/strict";
import { test } from "node:test";

import { lines } from "../../../../web/ui/overlay.js";
import { figures } from "../../../../web/core/net/stats.js";

/** A report of the standard's shape; `video` and `audio` override fields of the inbound streams. */
function report(video = {}, audio = {}, more = []) {
  const entries = [
    { id: "V", type: "inbound-rtp", kind: "video", timestamp: 1000, codecId: "C", framesDecoded: 100, bytesReceived: 10_000,
      jitterBufferDelay: 1, jitterBufferEmittedCount: 100, totalDecodeTime: 0.2, freezeCount: 1, packetsLost: 3, frameWidth: 256, frameHeight: 240, ...video },
    { id: "A", type: "inbound-rtp", kind: "audio", timestamp: 1000, bytesReceived: 1000, ...audio },
    { id: "C", type: "codec", mimeType: "video/H264" },
    { id: "T", type: "transport", selectedCandidatePairId: "P" },
    { id: "Q", type: "candidate-pair", state: "succeeded", nominated: true, localCandidateId: "other" },
    { id: "P", type: "candidate-pair", localCandidateId: "L", remoteCandidateId: "R", currentRoundTripTime: 0.012 },
    { id: "L", type: "local-candidate", candidateType: "relay", protocol: "udp", relayProtocol: "tcp" },
    { id: "R", type: "remote-candidate", candidateType: "host" },
    ...more,
  ];
  return new Map(entries.map((entry) => [entry.id, entry]));
}

const LATER = [
  { timestamp: 3000, framesDecoded: 220, bytesReceived: 260_000, jitterBufferDelay: 1.12, jitterBufferEmittedCount: 220, totalDecodeTime: 0.32 },
  { timestamp: 3000, bytesReceived: 31_000 },
];

test("rates and means are of the time between two reports", () => {
  const now = figures(report(), report(...LATER));
  assert.equal(now.fps, 60);
  assert.equal(now.kbps, (8 * 280_000) / 2000);
  assert.ok(Math.abs(now.jitterBufferMs - 1) < 1e-9);
  assert.ok(Math.abs(now.decodeMs - 1) < 1e-9);
});

test("counts and names are the newest", () => {
  const now = figures(null, report());
  assert.deepEqual([now.freezes, now.lost, now.codec, now.width, now.height, now.rttMs], [1, 3, "H264", 256, 240, 12]);
  assert.equal(now.path, "through the gateway (TCP)");
});

test("what can't be known yet is null", () => {
  const now = figures(null, report());
  assert.deepEqual([now.fps, now.kbps, now.jitterBufferMs, now.decodeMs], [null, null, null, null]);
  assert.ok(Object.values(figures(null, new Map())).every((value) => value === null));
});

test("two reports of the same moment, or a stream that stood still, divide nothing by nothing", () => {
  const same = figures(report(), report());
  assert.deepEqual([same.fps, same.kbps, same.jitterBufferMs], [null, null, null]);
  assert.equal(figures(report(), report({ timestamp: 2000 })).fps, 0);
});

test("a browser that leaves fields out leaves figures out, and no more", () => {
  const bare = { jitterBufferDelay: undefined, totalDecodeTime: undefined, codecId: undefined };
  const now = figures(report(bare), report({ ...LATER[0], ...bare }, LATER[1]));
  assert.deepEqual([now.jitterBufferMs, now.decodeMs, now.codec], [null, null, null]);
  assert.equal(now.fps, 60);
});

test("without a transport entry the marked pair is taken", () => {
  const marked = report();
  marked.delete("T");
  marked.get("Q").localCandidateId = "L";
  assert.equal(figures(null, marked).path, "through the gateway (TCP)");
});

for (const [local, words] of [
  [{ candidateType: "host", protocol: "udp" }, "direct"],
  [{ candidateType: "prflx", protocol: "udp" }, "direct"],
  [{ candidateType: "relay", relayProtocol: "udp" }, "through the gateway (UDP)"],
  [{ candidateType: "relay", relayProtocol: "tls" }, "through the gateway (TLS)"],
  [{ candidateType: "relay" }, "through the gateway"],
]) {
  test(`the path of a ${local.candidateType} candidate, ${local.relayProtocol ?? "no relay protocol"}`, () => {
    assert.equal(figures(null, report({}, {}, [{ id: "L", type: "local-candidate", ...local }])).path, words);
  });
}

test("the overlay has a line for each figure, and a dash for what is not known", () => {
  const shown = Object.fromEntries(lines({ ...figures(null, new Map()), photonMs: null }));
  assert.equal(shown["Input to photon"], "press a key");
  assert.equal(shown.Frames, "–");
  assert.ok(!("Region" in shown));
  const full = Object.fromEntries(lines({ ...figures(report(), report(...LATER)), photonMs: 24.6, region: "east" }));
  assert.equal(full.Region, "east");
  assert.equal(full["Input to photon"], "25 ms");
  assert.equal(full.Frames, "60.0 fps");
  assert.equal(full.Picture, "256×240 H264");
});
