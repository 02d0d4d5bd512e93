import assert from "node:assert/strict";
import { test } from "node:test";

import { ways } from "../../../../web/core/net/ice.js";
import { testWay } from "../../../../web/core/net/ice_probe.js";
import { Clock } from "../../fakes.js";

const [UDP, STUN] = ways([{ urls: ["turn:gw.example:3478"], username: "u", credential: "c" }, { urls: ["stun:gw.example:3478"] }]);

/** A test of `way` in a browser whose connection is in our hands. */
function begin(way = UDP, { refuses = false, hangs = false } = {}) {
  const clock = new Clock();
  const made = { closed: 0, channels: 0 };
  clock.RTCPeerConnection = class {
    constructor(configuration) {
      if (refuses) throw new SyntaxError("bad URL");
      Object.assign(made, { connection: this, configuration });
      this.iceGatheringState = "gathering";
    }

    createDataChannel() { made.channels++; }

    createOffer() { return hangs ? new Promise(() => {}) : Promise.resolve({ type: "offer", sdp: "" }); }

    async setLocalDescription(description) { made.description = description; }

    close() { made.closed++; }
  };
  const result = testWay(way, clock);
  const candidate = (type) => made.connection.onicecandidate({ candidate: { candidate: `candidate:1 1 udp 1 192.0.2.1 9 typ ${type} raddr 0.0.0.0` } });
  const error = (errorCode, errorText = "") => made.connection.onicecandidateerror({ errorCode, errorText });
  const complete = () => {
    made.connection.iceGatheringState = "complete";
    made.connection.onicegatheringstatechange();
  };
  return { clock, made, result, candidate, error, complete };
}

test("a relay candidate says that the way is open, and after how long", async () => {
  const { clock, made, result, candidate } = begin();
  assert.deepEqual(made.configuration, { iceServers: [UDP.server], iceTransportPolicy: "relay" });
  assert.equal(made.channels, 1);
  clock.advance(12);
  candidate("relay");
  assert.deepEqual(await result, { way: UDP, outcome: "reached", ms: 12, code: null });
  assert.equal(made.closed, 1);
});

test("STUN may use every path, and its reflexive candidate counts", async () => {
  const { made, result, candidate } = begin(STUN);
  assert.equal(made.configuration.iceTransportPolicy, "all");
  candidate("host");
  candidate("srflx");
  assert.equal((await result).outcome, "reached");
});

test("STUN that tells a known address makes no candidate, and is reached all the same", async () => {
  const { result, complete } = begin(STUN);
  complete();
  assert.equal((await result).outcome, "reached");
});

test("STUN without an answer is not reached", async () => {
  const { result, error, complete } = begin(STUN);
  error(701, "STUN binding request timed out.");
  complete();
  assert.equal((await result).outcome, "unreachable");
});

test("silence ends at the limit", async () => {
  const { clock, made, result } = begin(UDP, { hangs: true });
  clock.advance(5000);
  assert.deepEqual(await result, { way: UDP, outcome: "unreachable", ms: null, code: null });
  assert.equal(made.closed, 1);
});

for (const [code, text, outcome] of [
  [401, "Unauthorized", "denied"], [486, "", "full"], [508, "", "full"], [437, "", "refused"], [701, "", "unreachable"],
  [701, "TURN host lookup received error.", "unresolved"],
]) {
  test(`error ${code} ${text} is "${outcome}"`, async () => {
    const { result, error, complete } = begin();
    error(code, text);
    complete();
    assert.deepEqual(await result, { way: UDP, outcome, ms: null, code });
  });
}

test("the gateway's own word counts more than an interface that reaches nothing", async () => {
  const { result, error, complete } = begin();
  error(401);
  error(701);
  complete();
  assert.equal((await result).outcome, "denied");
});

test("an error on one interface does not hide a candidate on another", async () => {
  const { result, error, candidate } = begin();
  error(701);
  candidate("relay");
  assert.equal((await result).outcome, "reached");
});

test("a browser that takes no such address, or has no WebRTC, says so at once", async () => {
  const refused = begin(UDP, { refuses: true });
  assert.equal((await refused.result).outcome, "unusable");
  assert.equal((await testWay(UDP, new Clock())).outcome, "unusable");
});

test("nothing is heard of a test that has ended", async () => {
  const { clock, made, result, candidate } = begin();
  candidate("relay");
  await result;
  clock.advance(60_000);
  assert.equal(made.connection.onicecandidate, null);
  assert.equal(made.closed, 1);
});
