import assert from "node:assert/strict";
import { test } from "node:test";

import { confirmOnSecondPress } from "../../../web/ui/confirm_button.js";

/** What confirmOnSecondPress needs of a button. */
class Button extends EventTarget {
  constructor(text, label) {
    super();
    Object.assign(this, { textContent: text, label, dataset: {} });
  }

  getAttribute() { return this.label; }

  setAttribute(_, label) { this.label = label; }

  press() { this.dispatchEvent(new Event("click")); }
}

function setup(label) {
  const button = new Button("Delete", label);
  const made = { button, acts: 0 };
  confirmOnSecondPress(button, "Really?", () => made.acts++);
  return made;
}

for (const label of [null, "Delete Slot 1"]) {
  test(`the second press acts, and the first one asks (${label ?? "without a label"})`, () => {
    const made = setup(label);
    made.button.press();
    assert.deepEqual([made.acts, made.button.textContent], [0, "Really?"]);
    assert.equal(made.button.label, label && "Really? Delete Slot 1");
    made.button.press();
    assert.deepEqual([made.acts, made.button.textContent, made.button.label], [1, "Delete", label]);
  });
}

test("who goes elsewhere in between is asked again", () => {
  const made = setup("Delete Slot 1");
  made.button.press();
  made.button.dispatchEvent(new Event("blur"));
  assert.deepEqual([made.button.textContent, made.button.label], ["Delete", "Delete Slot 1"]);
  made.button.press();
  assert.equal(made.acts, 0);
  made.button.press();
  assert.equal(made.acts, 1);
});
