import assert from "node:assert/strict";
import { test } from "node:test";

import { Heartbeat } from "../../web/heartbeat.js";
import { parseReply } from "../../web/wire.js";
import { Clock } from "./fakes.js";

function setup() {
  const clock = new Clock();
  const sent = [];
  const heartbeat = new Heartbeat((bytes) => sent.push(parseReply(bytes).ping.sequence), clock);
  heartbeat.grab();
  return { clock, sent, heartbeat };
}

test("a ping at once and each second, numbered from 1", () => {
  const { clock, sent } = setup();
  clock.advance(2500);
  assert.deepEqual(sent, [1, 2, 3]);
});

test("the echo gives the round trip, once", () => {
  const { clock, heartbeat } = setup();
  assert.equal(heartbeat.rtt, null);
  clock.advance(40);
  heartbeat.echo(1);
  clock.advance(40);
  heartbeat.echo(1);
  assert.equal(heartbeat.rtt, 40);
});

test("echoes of pings never sent, or too long ago, are no measure", () => {
  const { clock, heartbeat } = setup();
  clock.advance(60_000);
  heartbeat.echo(1);
  heartbeat.echo(12345);
  assert.equal(heartbeat.rtt, null);
});

test("ungrab ends it", () => {
  const { clock, sent, heartbeat } = setup();
  heartbeat.ungrab();
  clock.advance(5000);
  assert.deepEqual(sent, [1]);
});
