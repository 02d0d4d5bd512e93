/**
 * What a page needs to come back to its seat after a reload, kept for this tab alone: {room, token, game, ice}.
 *
 * The gateways are in it, so that the offer of a reloaded page need not wait for the coordinator's welcome.
 */

import { boolean, list, name, object, parseWith } from "../wire/schema.js";
import { GAME, ICE_SERVER } from "../wire/coordinator.js";

const KEY = "coinop.ticket";
const SEAT_TOKEN = object({
  room: name, token: name, game: GAME, ice: object({ iceServers: list(ICE_SERVER), relayOnly: boolean }),
});

export class SeatTokens {
  /** `storage` is a Storage (of the tab: sessionStorage) or null; it may throw at any call. */
  constructor(storage) {
    this._storage = storage;
  }

  /** The one that is kept, or null. */
  read() {
    try {
      return parseWith(SEAT_TOKEN, this._storage?.getItem(KEY)) ?? null;
    } catch {
      return null;
    }
  }

  keep(seatToken) {
    try {
      this._storage?.setItem(KEY, JSON.stringify(seatToken));
    } catch {
      // Not kept, then: a reload will show the library.
    }
  }

  drop() {
    try {
      this._storage?.removeItem(KEY);
    } catch {
      // Where nothing can be removed nothing could be kept.
    }
  }
}
