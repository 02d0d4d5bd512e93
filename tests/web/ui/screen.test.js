import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted } from "../../../web/ui/screen.js";

const NES = { width: 256, height: 240, aspect: 4 / 3 };
const LAPTOP = { width: 1366, height: 768 };

test("the picture fills the space in the core's aspect", () => {
  assert.deepEqual(fitted(NES, LAPTOP, "fill"), { width: 1024, height: 768 });
  assert.deepEqual(fitted(NES, { width: 390, height: 600 }, "fill"), { width: 390, height: 293 });
});

test("whole pixels are whole pixels of the display", () => {
  assert.deepEqual(fitted(NES, LAPTOP, "whole"), { width: 960, height: 720 });
  assert.equal(fitted(NES, LAPTOP, "whole", 2).height, 720);
  assert.equal(fitted(NES, { width: 1000, height: 500 }, "whole", 1.5).height, 480);
});

test("a space smaller than the picture is filled", () => {
  assert.deepEqual(fitted(NES, { width: 200, height: 200 }, "whole"), { width: 200, height: 150 });
});

test("without an aspect the pixels are square", () => {
  assert.deepEqual(fitted({ width: 320, height: 240, aspect: 0 }, { width: 640, height: 640 }, "fill"), { width: 640, height: 480 });
});
