/**
 * How far a region is: the time that its gateway takes to say by which address it sees us, over UDP as media goes.
 *
 * Browsers don't show the addresses of their machines, but this one, which the gateway told, they do.
 */

import { stunServer } from "./ice.js";
import { testWay } from "./ice_probe.js";

/** The least is the best guess at the path: whatever else takes time comes on top. */
const TRIES = 3;

/** Measure the milliseconds to the quickest of these gateways; null if none answers. `environment` is that of ice_probe.js. */
export async function distance(gateways, environment) {
  const server = stunServer(gateways);
  if (!server) return null;
  let least = Infinity;
  for (let count = 0; count < TRIES; count++) {
    const { outcome, ms } = await testWay({ kind: "STUN", server }, environment);
    if (outcome !== "reached") break;
    least = Math.min(least, ms);
  }
  return least === Infinity ? null : least;
}
