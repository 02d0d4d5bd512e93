import assert from "node:assert/strict";
import { test } from "node:test";

import { FIRST, TABLE, next } from "../../../../web/core/session/states.js";

test("every state of the table can be reached, and every next state is one of the table", () => {
  const reached = new Set([FIRST]);
  for (const state of reached) for (const target of Object.values(TABLE[state])) reached.add(target);
  assert.deepEqual([...reached].sort(), Object.keys(TABLE).sort());
});

test("a game from the first welcome to the library again", () => {
  const happenings = ["welcome", "start", "picture", "leave"];
  const states = happenings.map(((state) => (happening) => (state = next(state, happening)))(FIRST));
  assert.deepEqual(states, ["library", "starting", "playing", "library"]);
});

test("every state but the failed one can fail, and a failure has a way out", () => {
  for (const state of Object.keys(TABLE).filter((name) => name !== "failed")) assert.equal(next(state, "fail"), "failed");
  assert.equal(next("failed", "start"), "starting");
  assert.equal(next("failed", "leave"), "library");
});

test("what the table does not allow throws", () => {
  for (const [state, happening] of [["connecting", "picture"], ["playing", "start"], ["library", "toString"], ["no", "fail"]]) {
    assert.throws(() => next(state, happening), /must not happen/);
  }
});
