import assert from "node:assert/strict";
import { test } from "node:test";

import { REGIONS, WORKERS, headline, roomColumns } from "../../../web/admin/table_columns.js";

const FIGURES = { fps: 60.06, late: 0.0012, encode_ms: 1.26, rtt_ms: 18.4, loss: 0 };
const UNKNOWN = { fps: null, late: null, encode_ms: null, rtt_ms: null, loss: null };
const PLACES = { capacity: 4, rooms: 1, free: 3, players: 2 };
const WORKER = { id: "w1", name: "box", region: "eu", draining: false, ...PLACES, ...FIGURES };
const ROOM = { id: "r1", game: "Duel", worker: "w1", phase: "open", players: 2, members: 3, ...FIGURES };

const cells = (columns, row) => Object.fromEntries(columns.map(({ head, text }) => [head, text(row)]));
const marked = (columns, row, kind) => columns.filter((column) => column[kind]?.(row)).map(({ head }) => head);

test("a worker's row", () => {
  assert.deepEqual(cells(WORKERS, WORKER), {
    worker: "box", region: "eu", state: "open", rooms: "1/4", free: "3", players: "2",
    fps: "60.1", late: "0.1 %", encoding: "1.3 ms", "round trip": "18 ms", loss: "0.0 %",
  });
  assert.deepEqual(marked(WORKERS, WORKER, "bad"), []);
  assert.deepEqual(marked(WORKERS, { ...WORKER, draining: true }, "note"), ["state"]);
});

test("a region's row", () => {
  const row = cells(REGIONS, { name: "eu", workers: 2, ...PLACES, ...FIGURES });
  assert.deepEqual([row.region, row.workers, row.rooms], ["eu", "2", "1/4"]);
});

test("a room's row, also while it is nowhere and nothing is known", () => {
  const columns = roomColumns(new Map([["w1", "box"]]));
  assert.equal(cells(columns, ROOM).worker, "box");
  assert.equal(cells(columns, ROOM).watching, "1");
  const lost = { ...ROOM, worker: null, phase: "homeless", ...UNKNOWN };
  assert.equal(cells(columns, lost).worker, "–");
  assert.equal(cells(columns, lost).fps, "–");
  assert.deepEqual(marked(columns, lost, "bad"), []);
  assert.deepEqual(marked(columns, lost, "note"), ["phase"]);
});

test("what a player notices is marked", () => {
  const columns = roomColumns(new Map());
  assert.deepEqual(marked(columns, { ...ROOM, late: 0.5, rtt_ms: 300, loss: 0.1 }, "bad"), ["late", "round trip", "loss"]);
});

test("the headline counts", () => {
  assert.equal(headline({ version: "1.2.3", pages: 4, workers: [WORKER], rooms: [ROOM, ROOM] }),
    "1.2.3 · 1 worker, 2 rooms, 4 players, 4 open pages");
});
