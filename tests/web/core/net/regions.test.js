import assert from "node:assert/strict";
import { test } from "node:test";

import { Regions } from "../../../../web/core/net/regions.js";
import { Clock, dice } from "../../fakes.js";

const region = (name, full = false) => ({ name, gateways: [`stun:${name}`, `turn:${name}`], full });
const [EAST, NORTH, WEST] = [region("east"), region("north"), region("west")];
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Regions, whose gateways answer after the milliseconds in `far`, which may be changed. */
function setup(far = {}, wanted = "") {
  const clock = new Clock();
  const [asked, likely, measured] = [[], [], []];
  const choice = { wanted };
  const measure = async ([url = ""]) => {
    const name = url.slice("stun:".length);
    asked.push(name);
    return far[name] ?? null;
  };
  const regions = new Regions(measure, () => choice.wanted, clock);
  regions.onmeasured = () => measured.push(regions.delays);
  regions.onlikely = () => likely.push(names(regions.near(ALL)));
  return { clock, asked, likely, measured, choice, far, regions };
}

const ALL = {
  relayOnly: false,
  iceServers: [
    { urls: [EAST, NORTH, WEST].map(({ gateways }) => gateways[0]) },
    { urls: [...EAST.gateways.slice(1), "turn:elsewhere"], username: "u", credential: "e" },
    { urls: WEST.gateways.slice(1), username: "u", credential: "w" },
    { urls: NORTH.gateways.slice(1), username: "u", credential: "n" },
  ],
};
const urlsOf = ({ iceServers }) => iceServers.flatMap(({ urls }) => urls);
const names = (ice) => urlsOf(ice).filter((url) => url.startsWith("turn:")).map((url) => url.slice("turn:".length));

test("each region is measured in the background, and one that does not answer has no figure", async () => {
  const { regions, measured } = setup({ east: 20, north: 0 });
  const seen = [];
  regions.onchange = () => seen.push(regions.places.map(({ ms }) => ms));
  regions.show([EAST, NORTH, WEST]);
  assert.deepEqual(seen, [[undefined, undefined, undefined]]);
  assert.deepEqual(regions.delays, {});
  await settled();
  assert.deepEqual(regions.delays, { east: 20, north: 0 });
  assert.deepEqual(seen.at(-1), [20, 0, null]);
  assert.deepEqual(measured, [{ east: 20, north: 0 }]);
});

test("a region that was measured is not measured again because another came, or because it is full", async () => {
  const { regions, asked } = setup({ east: 20, west: 30 });
  regions.show([EAST, WEST]);
  regions.show([EAST, WEST]); // before the first answers
  await settled();
  regions.show([{ ...EAST, full: true }, NORTH, WEST]);
  assert.deepEqual(asked, ["east", "west", "north"]);
  assert.deepEqual(regions.delays, { east: 20, west: 30 });
  await settled();
  assert.equal(regions.places[1].ms, null);
});

test("a region with other gateways is another one", async () => {
  const { regions, asked } = setup({ east: 20, west: 30, far: 200 });
  regions.show([EAST, WEST]);
  await settled();
  regions.show([{ ...EAST, gateways: ["stun:far"] }, WEST]);
  assert.deepEqual(regions.delays, { west: 30 });
  await settled();
  assert.deepEqual(regions.delays, { east: 200, west: 30 });
  assert.equal(asked.at(-1), "far");
});

test("all are measured again after some minutes, and on another network; until then the figures hold", async () => {
  const { regions, asked, clock, far } = setup({ east: 20, west: 30 });
  regions.show([EAST, WEST]);
  await settled();
  Object.assign(far, { east: 90, west: undefined });
  clock.advance(600_000);
  assert.deepEqual(regions.delays, { east: 20, west: 30 });
  await settled();
  assert.deepEqual(regions.delays, { east: 90 });
  far.west = 5;
  regions.renew();
  await settled();
  assert.deepEqual(regions.delays, { east: 90, west: 5 });
  assert.equal(asked.length, 6);
});

test("a gateway that did not answer is asked again soon", async () => {
  const { regions, clock, far } = setup({ east: 20 });
  regions.show([EAST, WEST]);
  await settled();
  far.west = 30;
  clock.advance(60_000);
  await settled();
  assert.deepEqual(regions.delays, { east: 20, west: 30 });
});

test("without regions nothing is measured, and every gateway is asked", async () => {
  const { regions, asked, clock } = setup();
  regions.show([]);
  clock.advance(3_600_000);
  await settled();
  assert.deepEqual(asked, []);
  assert.equal(regions.near(ALL), ALL);
  assert.equal(regions.misses(ALL, "east", []), false);
});

test("of two regions all gateways are asked, of more those of the two likeliest, each with its credentials", async () => {
  const { regions } = setup({ east: 200, north: 30, west: 20 });
  regions.show([EAST, WEST]);
  await settled();
  assert.equal(regions.near(ALL), ALL);
  regions.show([EAST, NORTH, WEST]);
  await settled();
  assert.deepEqual(regions.near(ALL), {
    relayOnly: false,
    iceServers: [
      { urls: ["stun:north", "stun:west"] },
      { urls: ["turn:west"], username: "u", credential: "w" },
      { urls: ["turn:north"], username: "u", credential: "n" },
    ],
  });
});

test("where the room is comes first, then what the player chose, then the closest with a free place", async () => {
  const { regions, choice } = setup({ east: 200, north: 30, west: 20 });
  regions.show([EAST, NORTH, WEST]);
  await settled();
  choice.wanted = "east";
  assert.deepEqual(names(regions.near(ALL)), ["east", "west"]);
  assert.deepEqual(names(regions.near(ALL, "north")), ["east", "north"]);
  choice.wanted = "atlantis";
  regions.show([EAST, NORTH, { ...WEST, full: true }]);
  assert.deepEqual(names(regions.near(ALL)), ["east", "north"]);
});

test("a region without a gateway is asked nothing, and one whose gateway nobody told us of is no reason to ask none", async () => {
  const { regions } = setup({ east: 200 });
  regions.show([{ ...WEST, gateways: [] }, EAST, NORTH]);
  await settled();
  assert.deepEqual(names(regions.near(ALL)), ["east", "north"]);
  const others = { relayOnly: false, iceServers: [{ urls: ["turn:elsewhere"] }] };
  assert.equal(regions.near(others), others);
});

test("it is said when a connection made now would ask others than before", async () => {
  const { regions, likely } = setup({ east: 200, north: 30, west: 20 });
  regions.show([EAST, NORTH, WEST]);
  await settled();
  assert.deepEqual(likely, [["east", "north"], ["west", "north"]]);
  regions.renew();
  await settled();
  assert.equal(likely.length, 2);
});

test("a room is missed by a connection that asked none of its gateways, if there is one to ask", () => {
  const { regions } = setup();
  regions.show([EAST, NORTH, { ...WEST, gateways: ["turn:west", "turn:untold"] }]);
  assert.equal(regions.misses(ALL, "west", ["turn:east"]), true);
  assert.equal(regions.misses(ALL, "west", ["turn:east", "turn:west"]), false);
  assert.equal(regions.misses(ALL, "atlantis", ["turn:east"]), false);
  assert.equal(regions.misses({ iceServers: [{ urls: ["turn:east"] }] }, "west", ["turn:east"]), false);
});

test("a connection to a room whose region is known never misses it", async () => {
  const roll = dice(7);
  for (let round = 0; round < 200; round++) {
    const { regions } = setup({ east: roll(3), north: roll(3), west: roll(3) }, ["", "east", "atlantis"][roll(3)]);
    regions.show([EAST, NORTH, WEST].filter(() => roll(4)).map((place) => ({ ...place, full: !roll(2), gateways: roll(4) ? place.gateways : [] })));
    await settled();
    for (const name of ["east", "north", "west", ""]) assert.equal(regions.misses(ALL, name, urlsOf(regions.near(ALL, name))), false);
  }
});
