/**
 * The page's states, in one table: state -> what happens -> next state. What is not in it must not happen.
 *
 * connecting  no welcome from the coordinator yet, or the connection to it was lost
 * library     the tiles are shown
 * starting    a game was chosen; its first frame has not been shown
 * playing     frames are shown and input is sent
 * resuming    the game goes on, but nothing of it gets here: a new connection to our seat is being made, by itself
 * failed      one sentence says what is wrong and what to do
 */
export const TABLE = Object.freeze({
  connecting: { welcome: "library", resume: "resuming", fail: "failed" },
  library: { start: "starting", lost: "connecting", fail: "failed" },
  starting: { picture: "playing", broke: "resuming", leave: "library", fail: "failed" },
  playing: { broke: "resuming", leave: "library", fail: "failed" },
  resuming: { picture: "playing", leave: "library", fail: "failed" },
  failed: { start: "starting", leave: "library", welcome: "library", lost: "connecting" },
});

export const FIRST = "connecting";

/** Tell whether the game view is shown. */
export function isGame(state) {
  return ["starting", "playing", "resuming"].includes(state);
}

/** Get the state after `happening`. Throws for one that the table does not allow: a fault of this page. */
export function next(state, happening) {
  const row = TABLE[state];
  if (!row || !Object.hasOwn(row, happening)) throw new Error(`"${happening}" must not happen in state "${state}"`);
  return row[happening];
}
