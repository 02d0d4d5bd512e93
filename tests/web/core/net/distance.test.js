import assert from "node:assert/strict";
import { test } from "node:test";

import { distance } from "../../../../web/core/net/distance.js";
import { Clock } from "../../fakes.js";

/** A browser on whose network each connection's gateway answers after the next of these times; null: never. */
function network(...answers) {
  const clock = new Clock();
  const made = [];
  clock.RTCPeerConnection = class {
    constructor(configuration) {
      made.push(configuration);
      this.iceGatheringState = "gathering";
    }

    createDataChannel() {}

    async createOffer() {
      clock.time += 1000; // whatever this takes is not the network's
      return {};
    }

    async setLocalDescription() {
      const ms = answers.shift();
      setImmediate(() => (ms === null ? clock.advance(60_000) : this._answer(ms)));
    }

    _answer(ms) {
      clock.advance(ms);
      this.onicecandidate({ candidate: { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ srflx raddr 0.0.0.0" } });
    }

    close() {}
  };
  return { clock, made };
}

test("the least of three times counts, from the moment that the gateway is asked", async () => {
  const { clock, made } = network(31, 20, 25);
  assert.equal(await distance(["turn:gw.example:3478?transport=udp"], clock), 20);
  assert.equal(made.length, 3);
  assert.deepEqual(made[0], { iceServers: [{ urls: ["stun:gw.example:3478"] }], iceTransportPolicy: "all" });
});

test("a gateway that does not answer has no figure, and is not asked again", async () => {
  const { clock, made } = network(null);
  assert.equal(await distance(["stun:gw.example"], clock), null);
  assert.equal(made.length, 1);
});

test("one answer is enough for a figure", async () => {
  const { clock } = network(20, null);
  assert.equal(await distance(["stun:gw.example"], clock), 20);
});

test("a region that can't be asked over UDP has no figure", async () => {
  const { clock, made } = network();
  assert.equal(await distance([], clock), null);
  assert.equal(await distance(["turn:gw.example?transport=tcp", "turns:gw.example", "nonsense"], clock), null);
  assert.equal(made.length, 0);
});

test("without WebRTC there is no figure", async () => {
  assert.equal(await distance(["stun:gw.example"], new Clock()), null);
});
