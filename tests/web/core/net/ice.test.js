import assert from "node:assert/strict";
import { test } from "node:test";

import { announced, configuration, isRelayOnly, stunServer, ways } from "../../../../web/core/net/ice.js";
import { PeerConnectionError } from "../../../../web/core/net/peer_connection.js";

const STUN = { urls: ["stun:192.0.2.1:3478"] };
const TURN = { urls: ["turn:192.0.2.1:3478?transport=udp", "turns:gw.example?transport=tcp"], username: "u", credential: "c" };

test("what a message leaves out is no gateway and no order", () => {
  assert.deepEqual(announced({}), { iceServers: [], relayOnly: false });
  assert.deepEqual(announced({ ice_servers: [TURN], relay_only: true }), { iceServers: [TURN], relayOnly: true });
});

test("every path may be taken unless the server or the player says otherwise", () => {
  const ice = { iceServers: [STUN, TURN], relayOnly: false };
  assert.deepEqual(configuration(ice, "auto"), { iceServers: [STUN, TURN], iceTransportPolicy: "all" });
  assert.equal(configuration(ice, "relay").iceTransportPolicy, "relay");
  assert.equal(configuration({ ...ice, relayOnly: true }, "auto").iceTransportPolicy, "relay");
  assert.equal(isRelayOnly(null, "auto"), false);
  assert.equal(isRelayOnly(null, "relay"), true);
});

for (const [who, relayOnly, path, code] of [["the server", true, "auto", "no_gateway"], ["the player", false, "relay", "no_gateway_chosen"]]) {
  test(`${who} wants a gateway and there is none`, () => {
    for (const iceServers of [[], [STUN]]) {
      assert.throws(() => configuration({ iceServers, relayOnly }, path),
        (error) => error instanceof PeerConnectionError && error.code === code);
    }
  });
}

test("each URL is a way of its own, with its server's credentials", () => {
  const [stun, udp, tls] = ways([STUN, TURN]);
  assert.deepEqual(stun, { kind: "STUN", host: "192.0.2.1", port: 3478, server: { urls: ["stun:192.0.2.1:3478"] } });
  assert.deepEqual([udp.kind, udp.port, udp.server], ["UDP", 3478, { urls: [TURN.urls[0]], username: "u", credential: "c" }]);
  assert.deepEqual([tls.kind, tls.host, tls.port], ["TLS", "gw.example", 5349]);
});

for (const [url, expected] of [
  ["stun:gw.example", ["STUN", "gw.example", 3478]],
  ["turn:gw.example", ["UDP", "gw.example", 3478]],
  ["TURN:gw.example?transport=TCP", ["TCP", "gw.example", 3478]],
  ["turn:gw.example:80?transport=tcp", ["TCP", "gw.example", 80]],
  ["turn:[2001:db8::1]:3478", ["UDP", "[2001:db8::1]", 3478]],
  ["turns:gw.example:443", ["TLS", "gw.example", 443]],
  ["turns:gw.example?transport=udp", null], // DTLS, which no browser speaks to a gateway
  ["http://gw.example", null],
  ["turn:", null],
]) {
  test(`the way of ${url}`, () => {
    const found = ways([{ urls: [url] }]).map(({ kind, host, port }) => [kind, host, port]);
    assert.deepEqual(found, expected ? [expected] : []);
  });
}

test("a way that is announced twice is one way", () => {
  assert.equal(ways([TURN, TURN]).length, 2);
});

test("a gateway is asked over UDP for our address at the host and port of its URLs, once each and not at too many", () => {
  assert.deepEqual(stunServer([...TURN.urls, "turn:192.0.2.1", "turns:gw.example"]), { urls: ["stun:192.0.2.1:3478"] });
  assert.deepEqual(stunServer(["stun:[2001:db8::1]:9", "turn:gw.example:99"]), { urls: ["stun:[2001:db8::1]:9", "stun:gw.example:99"] });
  assert.equal(stunServer(["a", "b", "c", "d"].map((host) => `stun:${host}`)).urls.length, 3);
  assert.equal(stunServer(["turns:gw.example", "turn:gw.example?transport=tcp", "http://gw.example"]), null);
  assert.equal(stunServer([]), null);
});

test("a connection asks no more URLs than a browser takes, and of each gateway one at least", () => {
  const servers = ["a", "b", "c"].map((host) => ({ urls: Array.from({ length: 16 }, (_, port) => `turn:${host}:${port}`), username: host }));
  const { iceServers } = configuration({ iceServers: servers, relayOnly: true }, "auto");
  assert.deepEqual(iceServers.map(({ urls, username }) => [urls.length, urls[0], username]),
    [[11, "turn:a:0", "a"], [11, "turn:b:0", "b"], [10, "turn:c:0", "c"]]);
  assert.deepEqual(configuration({ iceServers: servers.slice(1), relayOnly: false }, "auto").iceServers, servers.slice(1));
});
