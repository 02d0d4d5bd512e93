import assert from "node:assert/strict";
import { test } from "node:test";

import { Toast } from "../../../web/ui/toast.js";
import { Clock } from "../fakes.js";

class Place {
  append(element) { element.parentElement = this; }
}

function setup() {
  const clock = new Clock();
  const page = Object.assign(new EventTarget(), { body: new Place(), dialog: null });
  page.querySelector = () => page.dialog;
  const classes = new Set();
  const element = {
    parentElement: page.body, textContent: "",
    classList: { toggle: (name, on) => (on ? classes.add(name) : classes.delete(name)) },
    replaceChildren() { this.textContent = ""; },
  };
  return { clock, page, element, classes, toast: new Toast(element, page, clock) };
}

test("words go after a while, counted from the last ones", () => {
  const { clock, element, toast } = setup();
  toast.show("Saved.");
  clock.advance(4000);
  toast.show("Loaded.");
  clock.advance(4000);
  assert.equal(element.textContent, "Loaded.");
  clock.advance(1000);
  assert.equal(element.textContent, "");
});

test("what is to be copied stays, and can be marked", () => {
  const { clock, element, classes, toast } = setup();
  toast.show("http://arcade.example/#room=r1", 20);
  clock.advance(19_000);
  assert.notEqual(element.textContent, "");
  assert.ok(classes.has("lasting"));
  toast.show("Saved.");
  assert.ok(!classes.has("lasting"));
});

test("over an open dialog words are in it, and outlive it", () => {
  const { page, element, toast } = setup();
  page.dialog = new Place();
  toast.show("The game can't be reached.");
  assert.equal(element.parentElement, page.dialog);
  page.dialog = null;
  page.dispatchEvent(new Event("close"));
  assert.equal(element.parentElement, page.body);
});
