/**
 * The columns of the operator's tables: what stands in each cell, and what is wrong with it.
 *
 * Pure. A column is {head, word, text(row), bad(row), note(row)}; words stand to the left, figures to the right.
 */

/** From here on a player notices: one frame in fifty late, or a round trip that a press waits for. */
const LATE = 0.02;
const RTT_MS = 150;

const UNKNOWN = "–";

function known(value, shown) {
  return value === null || value === undefined ? UNKNOWN : shown(value);
}

export const percent = (share) => known(share, (value) => `${(100 * value).toFixed(1)} %`);
const decimal = (number) => known(number, (value) => value.toFixed(1));
export const milliseconds = (number) => known(number, (value) => `${value.toFixed(value < 10 ? 1 : 0)} ms`);

const word = (head, text, more = {}) => ({ head, word: true, text, ...more });
const figure = (head, text, more = {}) => ({ head, word: false, text, ...more });

const FIGURES = [
  figure("fps", (row) => decimal(row.fps)),
  figure("late", (row) => percent(row.late), { bad: (row) => row.late >= LATE }),
  figure("encoding", (row) => milliseconds(row.encode_ms)),
  figure("round trip", (row) => milliseconds(row.rtt_ms), { bad: (row) => row.rtt_ms >= RTT_MS }),
  figure("loss", (row) => percent(row.loss), { bad: (row) => row.loss >= LATE }),
];
const PLACES = [
  figure("rooms", (row) => `${row.rooms}/${row.capacity}`),
  figure("free", (row) => String(row.free)),
  figure("players", (row) => String(row.players)),
];

export const REGIONS = [
  word("region", (row) => row.name),
  figure("workers", (row) => String(row.workers)),
  ...PLACES,
  ...FIGURES,
];

export const WORKERS = [
  word("worker", (row) => row.name),
  word("region", (row) => row.region),
  word("state", (row) => (row.draining ? "draining" : "open"), { note: (row) => row.draining }),
  ...PLACES,
  ...FIGURES,
];

/** Make the columns of the rooms. `names` are the workers' by their ids. */
export function roomColumns(names) {
  return [
    word("game", (row) => row.game),
    word("worker", (row) => names.get(row.worker) ?? UNKNOWN),
    word("phase", (row) => row.phase, { note: (row) => row.phase !== "open" }),
    figure("players", (row) => String(row.players)),
    figure("watching", (row) => String(row.members - row.players)),
    ...FIGURES,
  ];
}

/** Sum an overview up in one line: "2 workers, 1 room, 3 players". */
export function headline({ version, pages, workers, rooms }) {
  const players = rooms.reduce((sum, room) => sum + room.players, 0);
  const counts = [[workers.length, "worker"], [rooms.length, "room"], [players, "player"], [pages, "open page"]];
  return `${version} · ${counts.map(([number, what]) => `${number} ${what}${number === 1 ? "" : "s"}`).join(", ")}`;
}
