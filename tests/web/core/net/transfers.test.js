import assert from "node:assert/strict";
import { test } from "node:test";

import { Receiver, readFile } from "../../../../web/core/net/transfers.js";
import { MAX_FILE_BYTES } from "../../../../web/core/wire/room.js";

function setup() {
  const receiver = new Receiver();
  const files = [];
  receiver.onfile = ({ name, bytes }) => files.push([name, [...bytes]]);
  const piece = (...bytes) => receiver.take(Uint8Array.from(bytes).buffer);
  return { receiver, files, piece };
}

test("a file is put together from its pieces", () => {
  const { receiver, files, piece } = setup();
  receiver.begin({ name: "Duel.state", size: 5 });
  piece(1, 2);
  piece(3, 4, 5);
  piece(6);
  assert.deepEqual(files, [["Duel.state", [1, 2, 3, 4, 5]]]);
});

test("an empty file is whole at once", () => {
  const { receiver, files } = setup();
  receiver.begin({ name: "empty", size: 0 });
  assert.deepEqual(files, [["empty", []]]);
});

test("more bytes than were said, or a new connection, drop the file", () => {
  const { receiver, files, piece } = setup();
  receiver.begin({ name: "long", size: 2 });
  piece(1, 2, 3);
  piece(1);
  receiver.begin({ name: "cut", size: 2 });
  piece(1);
  receiver.reset();
  piece(2);
  assert.deepEqual(files, []);
});

test("a chosen file is read, unless it is none of a game's", async () => {
  const file = (size, read = async () => new ArrayBuffer(size)) => ({ size, arrayBuffer: read });
  assert.equal((await readFile(file(9))).bytes.length, 9);
  assert.deepEqual(await readFile(file(0)), { wrong: "empty" });
  assert.deepEqual(await readFile(file(MAX_FILE_BYTES + 1)), { wrong: "tooLarge" });
  assert.deepEqual(await readFile(file(9, async () => { throw new Error("gone"); })), { wrong: "unreadable" });
});
