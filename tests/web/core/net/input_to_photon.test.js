import assert from "node:assert/strict";
import { test } from "node:test";

import { InputToPhotonMeter } from "../../../../web/core/net/input_to_photon.js";

test("without an input there is nothing to say", () => {
  const meter = new InputToPhotonMeter();
  meter.frame(1000, 5);
  assert.equal(meter.median, null);
});

test("the first frame with the input's timestamp or a later one counts", () => {
  const meter = new InputToPhotonMeter();
  meter.sent(1, 100);
  meter.frame(1000, 110);
  meter.applied(1, 2500);
  meter.frame(2499, 120);
  assert.equal(meter.median, null);
  meter.frame(4000, 130);
  meter.frame(5500, 147);
  assert.equal(meter.median, 30);
});

test("it does not matter if the word comes after the frame", () => {
  const meter = new InputToPhotonMeter();
  meter.sent(1, 100);
  meter.frame(1000, 110);
  meter.frame(2500, 127);
  meter.frame(4000, 144);
  meter.applied(1, 2500);
  assert.equal(meter.median, 27);
});

test("timestamps go round at 32 bits", () => {
  const meter = new InputToPhotonMeter();
  meter.sent(1, 0);
  meter.applied(1, 0xffffff00);
  meter.frame(0xfffffe00, 10);
  meter.frame(200, 20);
  assert.equal(meter.median, 20);
});

test("the median is of the last 30", () => {
  const meter = new InputToPhotonMeter();
  for (let press = 1; press <= 60; press++) {
    meter.sent(press, 1000 * press);
    meter.applied(press, 3000 * press);
    meter.frame(3000 * press, 1000 * press + (press <= 30 ? 500 : press));
  }
  assert.equal(meter.median, 46);
});

test("numbers never sent are passed over, and what is not credible too", () => {
  const meter = new InputToPhotonMeter();
  meter.applied(9, 1000);
  meter.sent(1, 100);
  meter.applied(1, 2000);
  meter.frame(2000, 99_999);
  assert.equal(meter.median, null);
});

test("it forgets inputs that were never answered", () => {
  const meter = new InputToPhotonMeter();
  for (let press = 1; press <= 200; press++) meter.sent(press, press);
  meter.applied(1, 1000);
  meter.frame(1000, 210);
  assert.equal(meter.median, null);
  meter.applied(200, 1000);
  assert.equal(meter.median, 10);
});

test("reset forgets all", () => {
  const meter = new InputToPhotonMeter();
  meter.sent(1, 0);
  meter.applied(1, 0);
  meter.frame(0, 5);
  meter.reset();
  assert.equal(meter.median, null);
});
