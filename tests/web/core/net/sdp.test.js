import assert from "node:assert/strict";
import { test } from "node:test";

import { isMdns, preferredCodecs, withStereoOpus, withoutMdns } from "../../../../web/core/net/sdp.js";

const HEAD = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n";

const parameters = (sdp) => /^a=fmtp:111 (.*)\r$/m.exec(sdp)[1].split(";").sort();

test("Opus is asked for in stereo; other parameters and lines stay", () => {
  const sdp = withStereoOpus(`${HEAD}a=fmtp:111 minptime=20;useinbandfec=1\r\na=sendrecv\r\n`);
  assert.deepEqual(parameters(sdp), ["minptime=10", "sprop-stereo=0", "stereo=1", "useinbandfec=1"]);
  assert.ok(sdp.startsWith(HEAD));
  assert.ok(sdp.endsWith("\r\na=sendrecv\r\n"));
});

test("doing it twice changes nothing", () => {
  const once = withStereoOpus(`${HEAD}a=fmtp:111 useinbandfec=1\r\n`);
  assert.equal(withStereoOpus(once), once);
});

test("a description without parameters for Opus gets a line", () => {
  assert.deepEqual(parameters(withStereoOpus(HEAD)), ["minptime=10", "sprop-stereo=0", "stereo=1"]);
});

test("a description without Opus stays as it is", () => {
  assert.equal(withStereoOpus("v=0\r\n"), "v=0\r\n");
});

const CODECS = [
  { mimeType: "video/VP8" }, { mimeType: "video/rtx" }, { mimeType: "video/VP9", sdpFmtpLine: "profile-id=0" },
  { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=0;profile-level-id=42e01f" },
  { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" },
];

test("automatic leaves the browser's order", () => assert.equal(preferredCodecs("auto", CODECS), null));

test("VP8 is VP8 with its retransmission", () => {
  assert.deepEqual(preferredCodecs("vp8", CODECS).map((codec) => codec.mimeType), ["video/VP8", "video/rtx"]);
});

test("H.264 begins with packetization-mode 1", () => {
  assert.deepEqual(preferredCodecs("h264", CODECS), [CODECS[4], CODECS[3], CODECS[1]]);
});

test("a codec that the browser has not gives nothing, not even retransmission", () => {
  assert.deepEqual(preferredCodecs("h264", CODECS.slice(0, 3)), []);
});

test("mDNS candidates are known and taken out, others stay", () => {
  const hidden = "candidate:1 1 udp 2113937151 52b79f97-3b2a.local 38210 typ host generation 0";
  const plain = "candidate:2 1 udp 1685987071 192.0.2.7 38210 typ srflx raddr 0.0.0.0 rport 0";
  assert.equal(isMdns(hidden), true);
  assert.equal(isMdns(plain), false);
  assert.equal(withoutMdns(`v=0\r\na=${hidden}\r\na=${plain}\r\n`), `v=0\r\na=${plain}\r\n`);
});
