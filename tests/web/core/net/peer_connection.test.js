import assert from "node:assert/strict";
import { test } from "node:test";

import { PeerConnection, PeerConnectionError } from "../../../../web/core/net/peer_connection.js";

const SDP = "v=0\r\na=rtpmap:111 opus/48000/2\r\na=candidate:1 1 udp 1 a-b.local 9 typ host\r\n";
const ICE = { iceServers: [{ urls: ["stun:192.0.2.1"] }], iceTransportPolicy: "relay" };

/** A browser's WebRTC as far as PeerConnection sees it; `made` holds what it made. */
function platform({ codecs = [{ mimeType: "video/VP8" }], faults = {} } = {}) {
  const made = { channels: {}, transceivers: {} };
  class RTCPeerConnection {
    constructor(configuration) {
      if (faults.servers) throw new SyntaxError("bad server");
      Object.assign(made, { connection: this, configuration });
      this.localDescription = null;
    }

    addTransceiver(kind, options) {
      const receiver = { track: { kind }, jitterBufferTarget: null };
      return (made.transceivers[kind] = { options, receiver, setCodecPreferences: (list) => (made.preferred = list) });
    }

    createDataChannel(label, options) {
      const sent = [];
      const channel = { options, sent, readyState: "open", bufferedAmount: 0, send: (data) => sent.push(data) };
      return (made.channels[label] = Object.assign(new EventTarget(), channel));
    }

    async createOffer() { return { type: "offer", sdp: SDP }; }

    async setLocalDescription(description) { this.localDescription = description; }

    async setRemoteDescription(description) {
      if (faults.answer) throw new Error("no");
      made.answer = description;
    }

    close() { made.closed = true; }
  }
  return { made, RTCPeerConnection, RTCRtpReceiver: { getCapabilities: () => ({ codecs }) } };
}

test("it offers to receive one picture and one sound, in one bundle", async () => {
  const browser = platform();
  const peer = new PeerConnection(ICE, "auto", browser);
  await peer.prepared;
  assert.deepEqual(browser.made.configuration, { ...ICE, bundlePolicy: "max-bundle" });
  for (const kind of ["video", "audio"]) assert.deepEqual(browser.made.transceivers[kind].options, { direction: "recvonly" });
  assert.deepEqual(peer.tracks, { video: { kind: "video" }, audio: { kind: "audio" } });
  assert.equal(browser.made.preferred, undefined);
});

test("both channels are negotiated, the input one without retransmission", () => {
  const { made, ...browser } = platform();
  new PeerConnection(ICE, "auto", browser);
  assert.deepEqual(made.channels.input.options, { negotiated: true, id: 0, ordered: false, maxRetransmits: 0 });
  assert.deepEqual(made.channels.room.options, { negotiated: true, id: 1 });
});

test("the offer is there once it is prepared: with stereo, without mDNS", async () => {
  const peer = new PeerConnection(ICE, "auto", platform());
  assert.equal(peer.offer, null);
  await peer.prepared;
  assert.match(peer.offer, /^a=fmtp:111 .*stereo=1/m);
  assert.doesNotMatch(peer.offer, /\.local/);
});

test("candidates come as plain objects; mDNS and empty ones are left out; the end is null", () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", browser);
  const seen = [];
  peer.oncandidate = (init) => seen.push(init);
  const candidate = (text) => ({ candidate: text, toJSON: () => ({ candidate: text, sdpMid: "0" }) });
  const plain = "candidate:1 1 udp 1 192.0.2.1 9 typ srflx";
  for (const text of [plain, "candidate:1 1 udp 1 a-b.local 9 typ host", ""]) {
    made.connection.onicecandidate({ candidate: candidate(text) });
  }
  made.connection.onicecandidate({ candidate: null });
  assert.deepEqual(seen, [{ candidate: plain, sdpMid: "0" }, null]);
});

test("the answer is taken, and video waits for nothing", async () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", browser);
  await peer.accept("v=0");
  assert.deepEqual(made.answer, { type: "answer", sdp: "v=0" });
  assert.equal(made.transceivers.video.receiver.jitterBufferTarget, 0);
  assert.ok(made.transceivers.audio.receiver.jitterBufferTarget > 0);
});

test("what comes on the channels is parsed; garbage is dropped", () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", browser);
  const seen = [];
  peer.onreply = (reply) => seen.push(reply);
  peer.onnotice = (notice) => seen.push(notice);
  made.channels.input.onmessage({ data: Uint8Array.of(9, 0, 0, 0, 5, 0, 0, 0).buffer });
  made.channels.input.onmessage({ data: new ArrayBuffer(3) });
  made.channels.room.onmessage({ data: '{"type":"rumble","strong":1,"weak":2}' });
  made.channels.room.onmessage({ data: "{" });
  assert.deepEqual(seen, [{ ping: { sequence: 5 } }, { type: "rumble", strong: 1, weak: 2 }]);
});

test("it says when input can be sent", () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", browser);
  let opened = 0;
  peer.onopen = () => opened++;
  made.channels.input.onopen();
  assert.equal(opened, 1);
  peer.close();
  made.channels.input.onopen();
  assert.equal(opened, 1);
});

test("input is dropped while the channel is closed or full", () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", browser);
  const { input } = made.channels;
  peer.sendInput("a");
  input.bufferedAmount = 5000;
  peer.sendInput("b");
  Object.assign(input, { bufferedAmount: 0, readyState: "connecting" });
  peer.sendInput("c");
  assert.deepEqual(input.sent, ["a"]);
});

test("a closed peer says nothing more", () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", browser);
  peer.onclosed = () => assert.fail("told after close");
  peer.close();
  made.channels.room.onclose();
  assert.equal(made.closed, true);
});

const FAULTS = [
  ["no WebRTC", "no_webrtc", () => new PeerConnection(ICE, "auto", {})],
  ["a refused server list", "ice_servers", () => new PeerConnection(ICE, "auto", platform({ faults: { servers: true } }))],
  ["a missing codec", "codec", () => new PeerConnection(ICE, "h264", platform())],
];

for (const [name, code, make] of FAULTS) {
  test(`${name} is a PeerConnectionError`, () => assert.throws(make, (error) => error instanceof PeerConnectionError && error.code === code));
}

test("a refused answer is a PeerConnectionError", async () => {
  const peer = new PeerConnection(ICE, "auto", platform({ faults: { answer: true } }));
  await assert.rejects(peer.accept("v=0"), (error) => error instanceof PeerConnectionError && error.code === "answer");
});

test("requests go out while the channel is open, and bytes come in beside the notices", () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", { ...browser });
  const { room } = made.channels;
  const came = [];
  peer.onnotice = (notice) => came.push(notice.type);
  peer.onbytes = (bytes) => came.push(bytes.byteLength);
  room.onmessage({ data: '{"type":"file","name":"x","size":3}' });
  room.onmessage({ data: new ArrayBuffer(3) });
  assert.deepEqual(came, ["file", 3]);
  assert.equal(room.binaryType, "arraybuffer");
  assert.equal(peer.request({ type: "reset" }), true);
  room.readyState = "closing";
  assert.equal(peer.request({ type: "reset" }), false);
  assert.deepEqual(room.sent, ['{"type":"reset"}']);
});

test("a file goes out in pieces, no faster than the path takes them, and ends with the channel", async () => {
  const { made, ...browser } = platform();
  const peer = new PeerConnection(ICE, "auto", { ...browser });
  const { room } = made.channels;
  assert.equal(await peer.sendFile(new Uint8Array(40_000)), true);
  assert.deepEqual(room.sent.map((piece) => piece.length), [16384, 16384, 7232]);
  room.bufferedAmount = 1e6;
  const sending = peer.sendFile(new Uint8Array(5));
  assert.equal(room.sent.length, 3);
  room.dispatchEvent(new Event("bufferedamountlow"));
  assert.equal(await sending, true);
  assert.equal(room.sent.length, 4);
  const broken = peer.sendFile(new Uint8Array(5));
  room.readyState = "closed";
  room.dispatchEvent(new Event("close"));
  assert.equal(await broken, false);
});
