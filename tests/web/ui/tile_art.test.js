import assert from "node:assert/strict";
import { test } from "node:test";

import { HEIGHT, WIDTH, hash, paint } from "../../../web/ui/tile_art.js";

test("the same game always looks the same", () => {
  assert.deepEqual(paint("Duel", "NES"), paint("Duel", "NES"));
});

test("another title or system looks different", () => {
  assert.notDeepEqual(paint("Duel", "NES"), paint("Duel 2", "NES"));
  assert.notDeepEqual(paint("Duel", "NES"), paint("Duel", "SNES"));
});

test("every pixel is painted, whatever the title", () => {
  for (const title of ["", "ü𝄞\u0000", "x".repeat(128), "<b>"]) {
    const rgba = paint(title, "?");
    assert.equal(rgba.length, WIDTH * HEIGHT * 4);
    for (let offset = 0; offset < rgba.length; offset += 4) {
      assert.equal(rgba[offset + 3], 255);
      assert.ok(rgba[offset] + rgba[offset + 1] + rgba[offset + 2] < 766);
    }
  }
});

test("a shelf of one system has one colour, and systems with like names have their own", () => {
  const sky = (system) => [...paint("Duel", system).slice(4 * WIDTH * 30, 4 * WIDTH * 30 + 3)].join();
  assert.notEqual(sky("Genesis"), sky("NES"));
  assert.notEqual(sky("Game Boy"), sky("Game Boy Advance"));
});

test("the hash is FNV-1a", () => {
  assert.equal(hash(""), 0x811c9dc5);
  assert.equal(hash("a"), 0xe40c292c);
});
