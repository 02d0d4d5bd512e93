import assert from "node:assert/strict";
import { test } from "node:test";

import { Toast } from "../../web/toast.js";
import { Clock } from "./fakes.js";

function place() {
  return { append(element) { element.parentNode = this; } };
}

function setup() {
  const [clock, element, body] = [new Clock(), { textContent: "" }, place()];
  const page = { body, dialog: null, querySelector() { return this.dialog; } };
  body.append(element);
  return { clock, element, page, toast: new Toast(element, page, clock) };
}

test("words stay for a while, and the last ones for all of theirs", () => {
  const { clock, element, toast } = setup();
  toast.say("first");
  clock.advance(4000);
  toast.say("second", 3);
  clock.advance(2999);
  assert.equal(element.textContent, "second");
  clock.advance(1);
  assert.equal(element.textContent, "");
});

test("they are where they can be seen: in the dialog that is open, or on the page", () => {
  const { element, page, toast } = setup();
  page.dialog = place();
  toast.say("in the dialog");
  assert.equal(element.parentNode, page.dialog);
  page.dialog = null;
  toast.say("on the page");
  assert.equal(element.parentNode, page.body);
});
