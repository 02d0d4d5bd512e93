import assert from "node:assert/strict";
import { test } from "node:test";

import { Retries } from "../../../../web/core/net/retries.js";
import { Clock } from "../../fakes.js";

function setup() {
  const clock = new Clock();
  const tries = [];
  const retries = new Retries(clock);
  return { clock, tries, retries, again: () => retries.again(() => tries.push(clock.time)) };
}

test("the first at once, the next after longer and longer waits, up to a longest", () => {
  const { clock, tries, again } = setup();
  for (let count = 0; count < 6; count++) {
    again();
    clock.advance(10_000);
  }
  assert.deepEqual(tries.map((time, index) => time - 10_000 * index), [0, 300, 1000, 2000, 4000, 4000]);
});

test("one that waits is replaced, not doubled", () => {
  const { clock, tries, again } = setup();
  for (let count = 0; count < 3; count++) again();
  clock.advance(10_000);
  assert.equal(tries.length, 2);
});

test("hurry ends the wait, and does nothing without one", () => {
  const { clock, tries, retries, again } = setup();
  again();
  again();
  assert.equal(retries.waiting, true);
  retries.hurry();
  retries.hurry();
  assert.equal(retries.waiting, false);
  clock.advance(10_000);
  assert.deepEqual(tries, [0, 0]);
});

test("after a reset nothing waits, and the next is a first one", () => {
  const { clock, tries, retries, again } = setup();
  again();
  again();
  retries.reset();
  clock.advance(10_000);
  again();
  assert.deepEqual(tries, [0, 10_000]);
});
