import assert from "node:assert/strict";
import { test } from "node:test";

import { Signalling } from "../../../../web/core/net/signalling.js";
import { Clock } from "../../fakes.js";

const LIBRARY = '{"type":"library","games":[]}';

/** A Signalling with sockets that do what the test says; `log` is what it told. */
function setup() {
  const clock = new Clock();
  const sockets = [];
  clock.WebSocket = class {
    constructor(url) {
      Object.assign(this, { url, readyState: 0, sent: [] });
      sockets.push(this);
    }

    send(text) { this.sent.push(text); }

    close() { this.fall(); }

    rise() { this.readyState = 1; this.onopen(); }

    fall() { this.readyState = 3; this.onclose(); }
  };
  const signalling = new Signalling("ws://arcade/ws/player", clock);
  const log = [];
  signalling.onmessage = (message) => log.push(message.type);
  signalling.onlost = (delay) => log.push(delay);
  signalling.ongarbage = () => log.push("garbage");
  signalling.open();
  return { clock, sockets, signalling, log, last: () => sockets.at(-1) };
}

test("messages come parsed, and go as JSON", () => {
  const { signalling, last, log } = setup();
  last().rise();
  last().onmessage({ data: LIBRARY });
  assert.deepEqual(log, ["library"]);
  assert.equal(signalling.send({ type: "leave" }), true);
  assert.deepEqual(last().sent, ['{"type":"leave"}']);
});

test("nothing is sent, nor queued, without a connection", () => {
  const { signalling, last } = setup();
  assert.equal(signalling.send({ type: "leave" }), false);
  last().rise();
  assert.deepEqual(last().sent, []);
});

test("garbage is told, and the connection stays", () => {
  const { signalling, last, log } = setup();
  last().rise();
  for (const data of ["<html>", "{}", new ArrayBuffer(4)]) last().onmessage({ data });
  assert.deepEqual(log, ["garbage", "garbage", "garbage"]);
  assert.equal(signalling.connected, true);
});

test("it connects again by itself, later each time, and at once again after a message", () => {
  const { clock, sockets, last, log } = setup();
  for (let attempt = 0; attempt < 6; attempt++) {
    last().fall();
    clock.advance(log.at(-1));
  }
  assert.deepEqual(log, [500, 1000, 2000, 4000, 8000, 8000]);
  assert.equal(sockets.length, 7);
  last().rise();
  last().onmessage({ data: LIBRARY });
  last().fall();
  assert.equal(log.at(-1), 500);
});

test("a socket that opens but never speaks does not reset the back-off", () => {
  const { clock, last, log } = setup();
  for (let attempt = 0; attempt < 3; attempt++) {
    last().rise();
    last().fall();
    clock.advance(log.at(-1));
  }
  assert.deepEqual(log, [500, 1000, 2000]);
});

test("a refusal does not reset it either: the arcade is full, and all who wait must not come twice a second", () => {
  const { clock, last, log } = setup();
  for (let attempt = 0; attempt < 3; attempt++) {
    last().rise();
    last().onmessage({ data: '{"type":"refused","code":"too_many_players","message":"Full."}' });
    last().fall();
    clock.advance(log.at(-1));
  }
  assert.deepEqual(log, ["refused", 500, "refused", 1000, "refused", 2000]);
});

test("a socket that neither opens nor closes is given up", () => {
  const { clock, sockets, log } = setup();
  clock.advance(8000);
  assert.deepEqual(log, [500]);
  clock.advance(500);
  assert.equal(sockets.length, 2);
});

test("a close that is reported late, of a socket given up before, changes nothing", () => {
  const { clock, sockets, log } = setup();
  clock.advance(8500);
  sockets[0].fall();
  assert.deepEqual(log, [500]);
});

test("hurry does not wait for the back-off, and does nothing while a socket is there", () => {
  const { signalling, sockets, last } = setup();
  signalling.hurry();
  assert.equal(sockets.length, 1);
  last().fall();
  signalling.hurry();
  assert.equal(sockets.length, 2);
});

test("after close it stays closed", () => {
  const { clock, signalling, sockets, last, log } = setup();
  last().rise();
  signalling.close();
  clock.advance(60_000);
  signalling.hurry();
  assert.equal(sockets.length, 1);
  assert.deepEqual(log, []);
});

test("renew drops a silent socket for a new one, at once", () => {
  const { signalling, sockets, last, log } = setup();
  last().rise();
  signalling.renew();
  assert.equal(sockets.length, 2);
  assert.deepEqual(log, [500]);
  sockets[0].fall();
  last().fall();
  signalling.renew();
  assert.equal(sockets.length, 3);
});
