import assert from "node:assert/strict";
import { test } from "node:test";

import { conclusion, elsewhereWords, failure, regionWords, wayWords } from "../../../../web/core/session/words.js";

const CODES = ["unreachable", "lost", "no_answer", "blocked", "no_picture", "no_webrtc", "codec", "ice_servers", "answer", "garbage",
  "no_gateway", "no_gateway_chosen", "elsewhere", "removed"];

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

test("nobody is offered to try again what would do something else", () => {
  assert.deepEqual(CODES.filter((code) => failure(code).final), ["elsewhere", "removed"]);
  assert.equal(failure("removed", "The host has removed you.").final, true);
});

test("a code that nobody knows still gives words", () => {
  for (const code of ["new_code", "toString", "__proto__"]) assert.ok(failure(code).text.length > 10);
});

test("a connection that is blocked advises the test", () => {
  assert.match(failure("blocked").advice, /Test the connection/);
});

const way = (kind, host = "gw.example") => ({ kind, host, port: kind === "TLS" ? 5349 : 3478 });
const result = (kind, outcome) => ({ way: way(kind), outcome, ms: 12.4, code: 437 });

for (const [kind, outcome, words] of [
  ["UDP", "reached", "UDP reaches the gateway (ready in 12 ms)."],
  ["TCP", "unreachable", "TCP does not reach the gateway: a firewall may block port 3478/tcp."],
  ["STUN", "unreachable", "STUN does not reach the gateway: a firewall may block port 3478/udp."],
  ["TLS", "unreachable", "TLS does not reach the gateway: a firewall may block port 5349/tcp, or this browser does not trust its certificate."],
  ["UDP", "unresolved", "UDP does not reach the gateway: the name gw.example has no address here."],
  ["UDP", "denied", "UDP reaches the gateway, but it does not accept this page's credentials."],
  ["TCP", "full", "TCP reaches the gateway, but it takes no more connections now."],
  ["TCP", "refused", "TCP reaches the gateway, but it refuses with error 437."],
  ["TLS", "unusable", "TLS can't be tested: this browser does not take the gateway's address."],
]) {
  test(`${kind} ${outcome}, in words`, () => assert.equal(wayWords(result(kind, outcome)), words));
}

test("among several gateways each is called by its name", () => {
  assert.match(wayWords(result("UDP", "reached"), true), /^UDP reaches the gateway gw\.example \(/);
});

for (const [name, results, relayOnly, words] of [
  ["UDP gets through", [["UDP", "reached"], ["TCP", "unreachable"]], false, /play well/],
  ["only TCP gets through", [["UDP", "unreachable"], ["TCP", "reached"]], false, /lost packet/],
  ["only TLS gets through", [["STUN", "reached"], ["UDP", "denied"], ["TLS", "reached"]], true, /lost packet/],
  ["nothing gets through", [["UDP", "unreachable"], ["TLS", "unreachable"]], false, /only if a direct path/],
  ["nothing gets through, and nothing else may", [["UDP", "unreachable"]], true, /no game can be played/],
  ["the credentials are not accepted", [["UDP", "denied"], ["TCP", "unreachable"]], false, /Reload.*secret/],
  ["the gateway is full", [["UDP", "full"]], false, /in a minute/],
  ["the gateway refuses", [["UDP", "refused"]], false, /log says why/],
  ["there is no gateway", [], false, /needs a direct path/],
  ["STUN alone relays nothing", [["STUN", "reached"]], true, /no game can go through/],
]) {
  test(`what it means that ${name}`, () => {
    assert.match(conclusion(results.map(([kind, outcome]) => result(kind, outcome)), relayOnly), words);
  });
}

test("a region is shown with what is known of it", () => {
  assert.equal(regionWords({ name: "east", ms: 12.4, full: false }), "east: 12 ms");
  assert.equal(regionWords({ name: "east", ms: 0, full: true }), "east: 0 ms, full");
  assert.equal(regionWords({ name: "east", ms: undefined, full: false }), "east: …");
  assert.equal(regionWords({ name: "east", ms: null, full: false }), "east: no answer");
  assert.equal(regionWords({ name: "east" }), "east: not there now");
  assert.match(elsewhereWords("east", "west"), /^east .* west\.$/);
});
