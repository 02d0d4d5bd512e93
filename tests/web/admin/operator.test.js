import assert from "node:assert/strict";
import { test } from "node:test";

import { Operator, OperatorError } from "../../../web/admin/operator.js";

const TOKEN = "an admin token";
const EMPTY = { version: "1", pages: 0, regions: [], workers: [], rooms: [] };

class Storage extends Map {
  getItem(key) { return this.get(key) ?? null; }
  setItem(key, value) { this.set(key, value); }
  removeItem(key) { this.delete(key); }
}

/** A coordinator that gives one answer, and keeps what it was asked. */
function answering(status, body) {
  const asked = [];
  const fetch = async (path, options) => {
    asked.push({ path, ...options });
    return { ok: status < 300, status, text: async () => (typeof body === "string" ? body : JSON.stringify(body)) };
  };
  return { asked, fetch };
}

function operator(status, body, storage = new Storage()) {
  const { asked, fetch } = answering(status, body);
  const made = new Operator(storage, fetch);
  made.take(TOKEN);
  return { made, asked, storage };
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof OperatorError, error);
    assert.match(error.message, /\.$/);
    assert.ok(!error.message.includes(TOKEN));
    return error;
  }
  throw new Error("it was not refused");
}

test("the token is kept for the tab and sent in the header alone", async () => {
  const { made, asked, storage } = operator(200, EMPTY);
  assert.deepEqual(await made.overview(), EMPTY);
  assert.deepEqual([...storage.values()], [TOKEN]);
  assert.equal(asked[0].path, "admin/overview");
  assert.equal(asked[0].headers.Authorization, `Bearer ${TOKEN}`);
  assert.equal(asked[0].redirect, "error");
  assert.ok(new Operator(storage, null).hasToken);
  made.forget();
  assert.equal(storage.size, 0);
  assert.ok(!made.hasToken);
});

test("without a storage, or with one that keeps nothing, it is kept for the page", () => {
  const refuses = () => { throw new DOMException("full", "QuotaExceededError"); };
  for (const storage of [null, { getItem: refuses, setItem: refuses, removeItem: refuses }]) {
    const made = new Operator(storage, null);
    made.take(` ${TOKEN} `);
    assert.ok(made.hasToken);
    made.forget();
    assert.ok(!made.hasToken);
  }
});

for (const typed of ["", "  ", "käse", "line\nbreak"]) {
  test(`${JSON.stringify(typed)} is no token`, () => {
    const made = new Operator(new Storage(), null);
    assert.throws(() => made.take(typed), { code: "token" });
    assert.ok(!made.hasToken);
  });
}

for (const [status, body, code] of [
  [401, "no", "token"],
  [404, "There is nothing at this address.", "off"],
  [502, "<html>", "away"],
  [409, { code: "no_place", message: "No other worker has a free place." }, "refused"],
  [404, { code: "unknown_room", message: "There is no such room." }, "refused"],
  [200, "not JSON", "refused"],
  [200, { rooms: [] }, "refused"],
  [200, "null", "refused"],
]) {
  test(`${status} with ${JSON.stringify(body)} is ${code}`, async () => {
    const { made } = operator(status, body);
    const error = await refusal(made.overview());
    assert.equal(error.code, code);
    if (body.message) assert.equal(error.message, body.message);
  });
}

test("nobody there is said in a sentence", async () => {
  const made = new Operator(new Storage(), async () => { throw new TypeError("Failed to fetch"); });
  made.take(TOKEN);
  assert.equal((await refusal(made.overview())).code, "away");
});

test("ids can't lead elsewhere", async () => {
  const { made, asked } = operator(202, {});
  await made.move("../workers/w1?x");
  await made.drain("w1/../w2");
  assert.deepEqual(asked.map(({ method, path }) => [method, path]), [
    ["POST", "admin/rooms/..%2Fworkers%2Fw1%3Fx/move"], ["POST", "admin/workers/w1%2F..%2Fw2/drain"],
  ]);
});
