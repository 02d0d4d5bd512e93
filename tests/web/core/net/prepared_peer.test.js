import assert from "node:assert/strict";
import { test } from "node:test";

import { PreparedPeer } from "../../../../web/core/net/prepared_peer.js";
import { Clock } from "../../fakes.js";

function setup() {
  const clock = new Clock();
  const made = [];
  const spare = new PreparedPeer(() => {
    const peer = { closed: false, close() { this.closed = true; } };
    made.push(peer);
    return peer;
  }, clock);
  return { clock, made, spare };
}

test("the prepared one is taken, once", () => {
  const { made, spare } = setup();
  spare.prepare();
  assert.equal(spare.take(), made[0]);
  assert.equal(spare.take(), made[1]);
});

test("it is renewed before it is too old, and closed when it is not wanted", () => {
  const { clock, made, spare } = setup();
  spare.prepare();
  clock.advance(180_000);
  assert.deepEqual(made.map(({ closed }) => closed), [true, false]);
  spare.drop();
  clock.advance(1_000_000);
  assert.deepEqual(made.map(({ closed }) => closed), [true, true]);
});

test("one that slept with a hidden tab is not used", () => {
  const { clock, made, spare } = setup();
  spare.prepare();
  clock.time += 3_600_000;
  assert.equal(spare.take(), made[1]);
  assert.equal(made[0].closed, true);
});

test("what can't be made is said when it is taken, not before", () => {
  const spare = new PreparedPeer(() => { throw new Error("no WebRTC"); }, new Clock());
  spare.prepare();
  assert.throws(() => spare.take(), /no WebRTC/);
});
