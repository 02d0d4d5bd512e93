import assert from "node:assert/strict";
import { test } from "node:test";

import { occupancy } from "../../../web/ui/lobby.js";

for (const [players, watching, free, words] of [
  [2, 0, 2, "2 playing, 2 free seats"],
  [3, 1, 1, "3 playing, 1 watching, 1 free seat"],
  [4, 2, 0, "4 playing, 2 watching, no free seat"],
]) {
  test(words, () => assert.equal(occupancy({ players, watching, free_seats: free }), words));
}
