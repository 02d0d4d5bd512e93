/** The operator's page: asks again and again (operator.js), shows tables (table.js, table_columns.js), and asks twice to act. */

import { REGIONS, WORKERS, headline, roomColumns } from "./table_columns.js";
import { button, byId } from "../ui/dom.js";
import { Operator, OperatorError } from "./operator.js";
import { LiveTable } from "./table.js";
import { confirmOnSecondPress } from "../ui/confirm_button.js";

const EVERY_MS = 2000;

const operator = new Operator(storage(), (url, init) => fetch(url, init));
const regions = new LiveTable(byId("regions"));
const workers = new LiveTable(byId("workers"), (worker) =>
  confirmed("Drain", worker.name, () => operator.drain(worker.id)));
const rooms = new LiveTable(byId("rooms-table"), (room) => confirmed("Move", room.game, () => operator.move(room.id)));
/** @type {number | undefined} */
let timer;
/** Whether what is said is about looking, and so over when looking succeeds. */
let aboutLooking = false;

/** Make a button that acts on what has this name, at its second press. */
function confirmed(words, name, act) {
  const made = button(words, () => {}, { label: `${words} ${name}` });
  confirmOnSecondPress(made, `${words}: sure?`, async () => {
    try {
      await act();
      say("");
    } catch (error) {
      failed(error);
    }
    await look();
  });
  return made;
}

/** Ask, show, and ask again after a while. */
async function look() {
  clearTimeout(timer);
  try {
    show(await operator.overview());
    if (aboutLooking) say("");
  } catch (error) {
    failed(error);
    aboutLooking = true;
  }
  clearTimeout(timer);
  if (operator.hasToken) timer = setTimeout(look, EVERY_MS);
}

function show(overview) {
  const names = new Map(overview.workers.map(({ id, name }) => [id, name]));
  regions.show(REGIONS, overview.regions, ({ name }) => name);
  workers.show(WORKERS, overview.workers, ({ id }) => id);
  rooms.show(roomColumns(names), overview.rooms, ({ id }) => id);
  byId("no-rooms").hidden = overview.rooms.length > 0;
  byId("headline").textContent = headline(overview);
  showForm(false);
}

function failed(error) {
  if (!(error instanceof OperatorError)) throw error;
  say(error.message);
  if (error.code === "token" || error.code === "off") forget();
  else byId("tables").classList.toggle("stale", error.code === "away");
}

function say(words) {
  byId("words").textContent = words;
  byId("words").hidden = words === "";
  aboutLooking = false;
  byId("tables").classList.remove("stale");
}

function forget() {
  clearTimeout(timer);
  operator.forget();
  byId("headline").textContent = "";
  showForm(true);
}

function showForm(shown) {
  byId("ask").hidden = !shown;
  byId("tables").hidden = byId("forget").hidden = shown;
  document.documentElement.dataset.state = shown ? "token" : "tables";
}

function storage() {
  try {
    return window.sessionStorage;
  } catch {
    return null; // switched off in the browser: the token is typed again after a reload
  }
}

byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  try {
    operator.take(byId("token").value);
  } catch (error) {
    failed(error);
    return;
  }
  byId("token").value = "";
  look();
});
byId("forget").addEventListener("click", () => {
  forget();
  say("");
});
if (operator.hasToken) look();
