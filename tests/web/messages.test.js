import assert from "node:assert/strict";
import { test } from "node:test";

import { failure } from "../../web/messages.js";

const CODES = ["unreachable", "lost", "no_answer", "blocked", "no_picture", "cut", "no_webrtc", "codec", "ice_servers", "answer", "garbage"];

for (const code of CODES) {
  test(`${code} is said in words of its own: what is wrong and what to do`, () => {
    const words = failure(code);
    assert.equal(words.code, code);
    for (const part of [words.title, words.text, words.advice]) assert.ok(part.length > 10, part);
    assert.notEqual(words.title, failure("refused").title);
  });
}

test("the server's sentence is all that is said", () => {
  const words = failure("refused", "All seats are taken. Try again later.");
  assert.equal(words.text, "All seats are taken. Try again later.");
  assert.equal(words.advice, "");
});

test("a code that nobody knows still gives words", () => {
  for (const code of ["new_code", "toString", "__proto__"]) assert.ok(failure(code).text.length > 10);
});
