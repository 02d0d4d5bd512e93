/**
 * The page's states, in one table: state -> what happens -> next state. What is not in it must not happen.
 *
 * connecting  no welcome from the coordinator yet, or the connection to it was lost
 * library     the tiles are shown
 * starting    a game was chosen; its first frame has not been shown
 * playing     frames are shown and input is sent
 * failed      one sentence says what is wrong and what to do
 */
export const TABLE = Object.freeze({
  connecting: { welcome: "library", fail: "failed" },
  library: { start: "starting", lost: "connecting", fail: "failed" },
  starting: { picture: "playing", leave: "library", fail: "failed" },
  playing: { leave: "library", fail: "failed" },
  failed: { start: "starting", leave: "library", welcome: "library", lost: "connecting" },
});

export const FIRST = "connecting";

/** The state after `happening`. Throws for one that the table does not allow: that is a fault of this page. */
export function next(state, happening) {
  const row = TABLE[state];
  if (!row || !Object.hasOwn(row, happening)) throw new Error(`"${happening}" must not happen in state "${state}"`);
  return row[happening];
}
