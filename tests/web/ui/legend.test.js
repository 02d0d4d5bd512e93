import assert from "node:assert/strict";
import { test } from "node:test";

import { DEFAULT_KEYS } from "../../../web/core/input/keyboard.js";
import { cap, rows } from "../../../web/ui/legend.js";

test("without the room's word every mapped button is listed, directions first", () => {
  const all = rows(DEFAULT_KEYS, null);
  assert.deepEqual(all[0], { caps: ["↑", "↓", "←", "→"], label: "Move", pad: "" });
  assert.deepEqual(all.slice(1).map((row) => `${row.caps} ${row.label}`),
    ["Z B", "X A", "A Y", "S X", "Q L", "W R", "Enter Start", "Shift Select"]);
});

test("the room's labels come with the pad's names, and unused buttons go", () => {
  const used = rows(DEFAULT_KEYS, { 0: "Jump", 8: "A", 3: "Start" });
  assert.deepEqual(used.slice(1), [
    { caps: ["Z"], label: "Jump", pad: "B" }, { caps: ["X"], label: "A", pad: "" }, { caps: ["Enter"], label: "Start", pad: "" },
  ]);
});

test("caps follow the keyboard's layout where it is known", () => {
  assert.equal(cap("KeyZ", new Map([["KeyZ", "y"]])), "Y");
  assert.equal(cap("KeyZ"), "Z");
  assert.equal(cap("Digit1"), "1");
});
