import assert from "node:assert/strict";
import { test } from "node:test";

import { Settings, invitation, invitedRoom } from "../../../../web/core/session/settings.js";

function storage(text = null) {
  return { text, getItem() { return this.text; }, setItem(_, value) { this.text = value; } };
}

test("without anything kept the defaults hold", () => {
  for (const place of [null, storage(), storage("null"), storage("{"), storage("[]"), storage('"x"')]) {
    const settings = new Settings(place);
    assert.equal(settings.get("codec"), "auto");
    assert.equal(settings.get("scale"), 1);
    assert.equal(settings.get("volume"), 0.8);
  }
});

test("what is set is kept for the next page", () => {
  const place = storage();
  new Settings(place).set("codec", "vp8");
  assert.equal(new Settings(place).get("codec"), "vp8");
});

test("each kept value is checked alone", () => {
  const kept = { codec: "av1", scale: 2, volume: 7, muted: "yes", fit: "whole", stranger: 1, region: "x".repeat(65) };
  const settings = new Settings(storage(JSON.stringify(kept)));
  assert.deepEqual(["codec", "scale", "volume", "muted", "fit", "stranger", "region"].map((name) => settings.get(name)),
    ["auto", 2, 0.8, false, "whole", undefined, ""]);
});

test("the address overrides, is not kept, and gives way to a new choice", () => {
  const place = storage();
  const settings = new Settings(place, "?codec=h264&scale=3");
  assert.equal(settings.get("codec"), "h264");
  assert.equal(settings.get("scale"), 3);
  settings.set("muted", true);
  assert.equal(new Settings(place).get("codec"), "auto");
  settings.set("codec", "auto");
  assert.equal(settings.get("codec"), "auto");
});

test("the address may ask for the gateway, or for no such order", () => {
  const kept = storage(JSON.stringify({ path: "relay" }));
  assert.equal(new Settings(null, "?relay=1").get("path"), "relay");
  assert.equal(new Settings(kept, "?relay=0").get("path"), "auto");
  for (const query of ["?relay=yes", "?relay=toString", "?relay"]) assert.equal(new Settings(kept, query).get("path"), "relay");
});

test("nonsense in the address is passed over", () => {
  const settings = new Settings(null, "?codec=h265&scale=99&scale=x&%ff");
  assert.equal(settings.get("codec"), "auto");
  assert.equal(settings.get("scale"), 1);
});

test("a value that is not allowed is an error of the caller", () => {
  const settings = new Settings(null);
  assert.throws(() => settings.set("scale", 4), RangeError);
  assert.throws(() => settings.set("colour", "red"), RangeError);
});

test("a change is told, also where nothing can be kept", () => {
  const full = { getItem: () => null, setItem: () => { throw new Error("full"); } };
  const settings = new Settings(full);
  const told = [];
  settings.onchange = (name, value) => told.push([name, value]);
  settings.set("muted", true);
  settings.set("muted", true);
  assert.deepEqual(told, [["muted", true]]);
});

test("an override that is given up counts as a change", () => {
  const settings = new Settings(null, "?codec=vp8");
  const told = [];
  settings.onchange = (name, value) => told.push([name, value]);
  settings.set("codec", "auto");
  assert.deepEqual(told, [["codec", "auto"]]);
});

test("an invitation and the room that it invites to", () => {
  const link = invitation("r/1 ü", { origin: "https://arcade.example", pathname: "/" });
  assert.equal(invitedRoom(new URL(link)), "r/1 ü");
  assert.equal(invitedRoom(new URL("https://arcade.example/?room=r1")), "r1");
  assert.equal(invitedRoom(new URL("https://arcade.example/")), null);
  assert.equal(invitedRoom(new URL(`https://arcade.example/#room=${"x".repeat(129)}`)), null);
});

test("a name may have 24 characters, and none is fine", () => {
  const settings = new Settings(storage());
  for (const name of ["", "x".repeat(24)]) settings.set("name", name);
  assert.throws(() => settings.set("name", "x".repeat(25)), RangeError);
});
