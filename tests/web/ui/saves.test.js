import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, bySlot, slotName } from "../../../web/ui/saves.js";

const NOW = 1_790_000_000;
const save = (slot, time, conflict = false) => ({ slot, version: `v${time}`, time, conflict });

for (const [seconds, words] of [
  [-5, "just now"], [0, "just now"], [59, "just now"], [60, "1 minute ago"], [125, "2 minutes ago"], [3599, "59 minutes ago"],
  [3600, "1 hour ago"], [7200, "2 hours ago"], [86_400, "1 day ago"], [6 * 86_400, "6 days ago"],
]) {
  test(`${seconds} s are in words: ${words}`, () => assert.equal(ago(NOW - seconds, NOW), words));
}

test("what is older has its date", () => {
  assert.match(ago(NOW - 30 * 86_400, NOW), /^[A-Z][a-z]{2} \d{1,2}, 2026$/);
});

test("every slot is listed, with its newest save first", () => {
  const slots = bySlot([save(3, 10), save(3, 20), save(0, 5)]);
  assert.deepEqual(slots.map(({ slot }) => slot), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  assert.deepEqual(slots[3].saves.map(({ time }) => time), [20]);
  assert.deepEqual(slots[1].saves, []);
});

test("a version that another room saved is listed beside the newest", () => {
  const slots = bySlot([save(3, 10), save(3, 15, true), save(3, 20, true)]);
  assert.deepEqual(slots[3].saves.map(({ time }) => time), [20, 15]);
});

test("each slot has its name", () => {
  assert.deepEqual([0, 1, 9, 10].map(slotName), ["Quick save", "Slot 1", "Slot 9", "Saved by itself"]);
});
