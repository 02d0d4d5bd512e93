import assert from "node:assert/strict";
import { test } from "node:test";

import { Heartbeat } from "../../../../web/core/net/heartbeat.js";
import { parseReply } from "../../../../web/core/wire/input.js";
import { Clock, dice } from "../../fakes.js";

function setup(onping = () => {}) {
  const clock = new Clock();
  const sent = [];
  const deaths = [];
  const heartbeat = new Heartbeat((bytes) => {
    const { sequence } = parseReply(bytes).ping;
    sent.push(sequence);
    onping(sequence, clock, heartbeat);
  }, clock);
  heartbeat.ondead = () => deaths.push(clock.time);
  return { clock, sent, deaths, heartbeat };
}

/** A path that loses this share of pings and echoes, and takes 10 to 40 ms for each way. */
function path({ loss, roll, state }) {
  const lost = () => roll(100) < loss;
  return (sequence, clock, heartbeat) => {
    if (state.cut || lost() || lost()) return;
    clock.setTimeout(() => state.cut || heartbeat.echo(sequence), 20 + roll(30) + roll(30));
  };
}

test("a ping at once and five each second, numbered from 1", () => {
  const { clock, sent, heartbeat } = setup((sequence, _, beating) => beating?.alive());
  heartbeat.grab();
  clock.advance(1000);
  assert.deepEqual(sent, [1, 2, 3, 4, 5, 6]);
});

test("the echo gives the round trip, once", () => {
  const { clock, heartbeat } = setup();
  heartbeat.grab();
  assert.equal(heartbeat.rtt, null);
  clock.advance(40);
  heartbeat.echo(1);
  clock.advance(40);
  heartbeat.echo(1);
  assert.equal(heartbeat.rtt, 40);
});

test("echoes of pings never sent, or too long ago, are no measure", () => {
  const { clock, heartbeat } = setup((sequence, _, beating) => beating.alive());
  heartbeat.grab();
  clock.advance(60_000);
  heartbeat.echo(1);
  heartbeat.echo(12345);
  assert.equal(heartbeat.rtt, null);
});

test("ungrab ends it", () => {
  const { clock, sent, deaths, heartbeat } = setup();
  heartbeat.grab();
  heartbeat.ungrab();
  clock.advance(5000);
  assert.deepEqual(sent, [1]);
  assert.deepEqual(deaths, []);
});

test("a dead path is noticed within a second of the last sign of life, once", () => {
  for (let phase = 0; phase < 200; phase += 10) {
    const { clock, deaths, heartbeat } = setup();
    heartbeat.grab();
    for (let time = 0; time < 2000 + phase; time += 10) {
      clock.advance(10);
      heartbeat.alive();
    }
    const last = clock.time;
    clock.advance(10_000);
    assert.equal(deaths.length, 1);
    assert.ok(deaths[0] - last <= 1000, `${deaths[0] - last} ms`);
    assert.ok(deaths[0] - last > 700, `${deaths[0] - last} ms`);
  }
});

test("no false alarm in two hours with 5 % loss and 30 ms of jitter each way, even without a picture", () => {
  const { clock, deaths, heartbeat } = setup(path({ loss: 5, roll: dice(3), state: {} }));
  heartbeat.grab();
  clock.advance(7_200_000);
  assert.deepEqual(deaths, []);
});

test("an outage of 500 ms is no death, whenever it begins", () => {
  const roll = dice(4);
  const state = { cut: false };
  const { clock, deaths, heartbeat } = setup(path({ loss: 0, roll, state }));
  heartbeat.grab();
  for (let round = 0; round < 500; round++) {
    clock.advance(1000 + roll(200));
    state.cut = true;
    clock.advance(500);
    state.cut = false;
  }
  assert.deepEqual(deaths, []);
});

/** A heartbeat whose beats come when the test says, `late` ms after the one before. */
function byHand() {
  const environment = { time: 0, now: () => environment.time, setInterval: (act) => { environment.beat = act; }, clearInterval() {} };
  const heartbeat = new Heartbeat(() => {}, environment);
  const deaths = [];
  heartbeat.ondead = () => deaths.push(environment.time);
  heartbeat.grab();
  const beat = (late) => {
    environment.time += late;
    environment.beat();
  };
  return { heartbeat, deaths, beat };
}

test("a page that stood still looks at what has arrived before it judges", () => {
  const { heartbeat, deaths, beat } = byHand();
  beat(200);
  beat(5000); // a breakpoint, or a long script
  heartbeat.alive();
  beat(200);
  assert.deepEqual(deaths, []);
});

test("a laptop that slept finds the path dead at its second beat", () => {
  const { heartbeat, deaths, beat } = byHand();
  heartbeat.alive();
  beat(200);
  beat(3_600_000);
  assert.deepEqual(deaths, []);
  beat(200);
  assert.equal(deaths.length, 1);
});

test("in a hidden page, whose timers run once a second, a living path lives and a dead one dies", () => {
  const { clock, deaths, heartbeat } = setup((_, time, beating) => time.alive !== false && time.setTimeout(() => beating.alive(), 30));
  const real = clock.setInterval;
  clock.setInterval = (act) => real(act, 1000);
  heartbeat.grab();
  clock.advance(60_000);
  assert.deepEqual(deaths, []);
  clock.alive = false;
  clock.advance(3000);
  assert.equal(deaths.length, 1);
});
