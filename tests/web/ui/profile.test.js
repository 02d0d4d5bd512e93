import assert from "node:assert/strict";
import { test } from "node:test";

import { Profile, base32, parseCode, spaced } from "../../../web/ui/profile.js";
import { dice } from "../fakes.js";

const ZEROS = (bytes) => bytes.fill(0);

function storage(text = null) {
  return { text, getItem() { return this.text; }, setItem(_, value) { this.text = value; } };
}

test("base32 of the standard's own examples (RFC 4648, section 10)", () => {
  const bytes = (text) => new TextEncoder().encode(text);
  for (const [text, code] of [["", ""], ["f", "MY"], ["fo", "MZXQ"], ["foo", "MZXW6"], ["foob", "MZXW6YQ"], ["foobar", "MZXW6YTBOI"]]) {
    assert.equal(base32(bytes(text)), code);
  }
});

test("128 random bits are a code, which is read in any form that a person gives it", () => {
  const roll = dice(5);
  for (let round = 0; round < 200; round++) {
    const code = base32(Uint8Array.from({ length: 16 }, () => roll(256)));
    assert.match(code, /^[A-Z2-7]{26}$/);
    for (const typed of [code, spaced(code), ` ${spaced(code).toLowerCase()}\n`, code.replaceAll("O", "0").replaceAll("I", "1").replaceAll("B", "8")]) {
      assert.equal(parseCode(typed), code);
    }
  }
});

test("what is no code is none", () => {
  for (const text of ["", "ABC", "A".repeat(25), "A".repeat(27), "9".repeat(26), "Ä".repeat(26), "A".repeat(25) + "_"]) {
    assert.equal(parseCode(text), null, text);
  }
});

test("the profile is made once, and kept", () => {
  const place = storage();
  const { code } = new Profile(place, ZEROS);
  assert.equal(code, "A".repeat(26));
  const next = new Profile(place, (bytes) => bytes.fill(255));
  assert.equal(next.code, code);
  assert.equal(next.kept, true);
});

test("another browser's profile is taken over, and anything else is not", () => {
  const place = storage("nonsense");
  const profile = new Profile(place, ZEROS);
  assert.equal(profile.adopt("not a code"), false);
  assert.equal(profile.code, "A".repeat(26));
  assert.equal(profile.adopt(spaced("B".repeat(26))), true);
  assert.equal(new Profile(place, ZEROS).code, "B".repeat(26));
});

test("without a storage, or with one that throws, the profile lasts as long as the page", () => {
  const refuse = () => { throw new Error("no"); };
  for (const place of [null, { getItem: refuse, setItem: refuse }, { getItem: () => null, setItem: refuse }]) {
    const profile = new Profile(place, ZEROS);
    assert.equal(profile.code.length, 26);
    assert.equal(profile.kept, false);
  }
});
