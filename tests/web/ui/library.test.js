import assert from "node:assert/strict";
import { test } from "node:test";

import { matching, step } from "../../../web/ui/library.js";

const GAMES = [{ id: "1", title: "Duel at Dawn", system: "NES" }, { id: "2", title: "Ion Rodeo", system: "SNES" }];

test("every word must be in the title or the system", () => {
  const found = (query) => matching(GAMES, query).map((game) => game.id);
  assert.deepEqual(found(""), ["1", "2"]);
  assert.deepEqual(found("  nes "), ["1", "2"]);
  assert.deepEqual(found("snes RODEO"), ["2"]);
  assert.deepEqual(found("duel snes"), []);
  assert.deepEqual(found("(.*"), []);
});

test("case, accents, width and the way in which letters are composed make no difference", () => {
  const titles = ["Pokémon", "Pokémon".normalize("NFD"), "ガンダム".normalize("NFD"), "ＦＵＬＬ"];
  const games = titles.map((title, index) => ({ id: index, title, system: "GB" }));
  const found = (query) => matching(games, query).map((game) => game.id);
  assert.deepEqual(found("pokemon"), [0, 1]);
  assert.deepEqual(found("POKÉMON"), [0, 1]);
  assert.deepEqual(found("ガンダム"), [2]);
  assert.deepEqual(found("full"), [3]);
});

test("arrows walk in rows, and stop at the edges", () => {
  assert.equal(step("ArrowRight", 0, 7, 3), 1);
  assert.equal(step("ArrowLeft", 0, 7, 3), 0);
  assert.equal(step("ArrowDown", 1, 7, 3), 4);
  assert.equal(step("ArrowDown", 5, 7, 3), 5);
  assert.equal(step("ArrowUp", 4, 7, 3), 1);
  assert.equal(step("Home", 4, 7, 3), 0);
  assert.equal(step("End", 4, 7, 3), 6);
});

test("other keys are not ours", () => {
  for (const key of ["Enter", "a", "toString"]) assert.equal(step(key, 0, 7, 3), null);
});
