/**
 * The saves dialog: slots with their pictures and times, what may be done with each, and files in and out.
 *
 * The room keeps the saves, and its words on what failed are shown as they come. Leaves the pieces of files to
 * transfers.js.
 */

import { button, element } from "./dom.js";
import { FILE, SAVES } from "../core/session/words.js";
import { Receiver, readFile } from "../core/net/transfers.js";
import { confirmOnSecondPress } from "./confirm_button.js";
import {
  AUTO_SLOT, QUICK_SLOT, deleteSaveRequest, exportRequest, importRequest, listSavesRequest, loadRequest, saveRequest,
} from "../core/wire/room.js";

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function slotName(slot) {
  if (slot === QUICK_SLOT) return "Quick save";
  return slot === AUTO_SLOT ? "Saved by itself" : `Slot ${slot}`;
}

/** Say how long ago a time is. Both are in Unix seconds. */
export function ago(time, now) {
  const seconds = Math.max(0, now - time); // the room's clock may be ahead of ours
  const count = (unit, name) => `${Math.floor(seconds / unit)} ${name}${seconds < 2 * unit ? "" : "s"} ago`;
  if (seconds < MINUTE) return "just now";
  if (seconds < HOUR) return count(MINUTE, "minute");
  if (seconds < DAY) return count(HOUR, "hour");
  if (seconds < 7 * DAY) return count(DAY, "day");
  return new Date(1000 * time).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

/**
 * Sort saves by slot, the newest first: [{slot, saves}]. Of a slot's older versions only those are shown that another
 * room saved without knowing of the newest (`conflict`).
 */
export function bySlot(saves) {
  return Array.from({ length: AUTO_SLOT + 1 }, (_, slot) => {
    const versions = saves.filter((save) => save.slot === slot).sort((one, other) => other.time - one.time);
    return { slot, saves: versions.filter((save, index) => index === 0 || save.conflict) };
  });
}

export class Saves {
  /** `elements`: dialog, open, slots, store, said, exportState, exportBattery, importState, importBattery (inputs). */
  constructor(elements, environment) {
    this._elements = elements;
    this._now = environment.unixSeconds;
    this._seated = false;
    this._saves = [];
    this._receiver = new Receiver();
    this._receiver.onfile = download;
    /** A request for the room. */
    this.onrequest = (request) => {};
    /** A request that a file's bytes follow: (request, bytes). */
    this.onsend = (request, bytes) => {};
    this._wire();
  }

  /** Whoever only watches may look and export, but not touch the game. */
  set seated(seated) {
    this._seated = seated;
    this._elements.dialog.classList.toggle("watching", !seated);
  }

  open() {
    this._say("");
    this._elements.store.textContent = "";
    this._render([]);
    this._elements.slots.setAttribute("aria-busy", "true");
    this._elements.dialog.showModal();
    this.onrequest(listSavesRequest());
  }

  close() {
    this._receiver.reset();
    this._elements.dialog.close();
  }

  /** A `saves` notice. */
  show({ slots, store }) {
    this._elements.store.textContent = store;
    this._render(slots);
    this._elements.slots.setAttribute("aria-busy", "false");
  }

  /** A `done` notice. Gives whether its words were shown here. */
  done({ request, slot, ok, message }) {
    if (!this._elements.dialog.open) return false;
    this._say(message || (ok ? this._doneWords(request, slot) : SAVES.failed), ok);
    if (request === "list_saves") this._elements.slots.setAttribute("aria-busy", "false");
    if (ok && request === "load") this.close();
    return true;
  }

  /** A `file` notice, and the bytes after it. */
  receive(file) {
    this._receiver.begin(file);
  }

  take(buffer) {
    this._receiver.take(buffer);
  }

  _wire() {
    const { dialog, open, exportState, exportBattery, importState, importBattery } = this._elements;
    open.addEventListener("click", () => this.open());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    exportState.addEventListener("click", () => this.onrequest(exportRequest("state")));
    exportBattery.addEventListener("click", () => this.onrequest(exportRequest("battery")));
    importState.addEventListener("change", () => this._import("state", importState));
    importBattery.addEventListener("change", () => this._import("battery", importBattery));
  }

  async _import(what, input) {
    const [file] = input.files;
    if (!file) return;
    const { bytes, wrong } = await readFile(file);
    input.value = ""; // so that the same file can be chosen again
    if (!bytes) {
      this._say(FILE[wrong], false);
      return;
    }
    this._say(FILE.sending);
    this.onsend(importRequest(what, bytes.length, file.name.slice(0, 200)), bytes);
  }

  _say(words, ok = true) {
    this._elements.said.textContent = words;
    this._elements.said.classList.toggle("wrong", !ok);
  }

  _doneWords(request, slot) {
    const what = slot === null ? "" : slotName(slot);
    const others = this._saves.filter((save) => save.slot === slot).length > 1;
    return {
      save: `Saved: ${what}.`, load: `Loaded: ${what}.`, export: SAVES.exported, import: SAVES.imported,
      delete_save: others ? `Deleted. ${what} still has another save.` : `Deleted: ${what}.`,
    }[request] ?? "";
  }

  _render(saves) {
    this._saves = saves;
    const { slots } = this._elements;
    const focused = /** @type {any} */ (document.activeElement);
    const card = [...slots.children].findIndex((one) => one.contains(focused));
    slots.replaceChildren(...bySlot(saves).map((slot) => this._card(slot)));
    if (card < 0) return;
    const buttons = [...slots.children[card].querySelectorAll("button")];
    // What was pressed may have gone with its save.
    (buttons.find(({ textContent }) => textContent === focused.textContent) ?? buttons[0])?.focus();
  }

  _card({ slot, saves }) {
    const card = element("li", "save");
    const name = slotName(slot);
    const [newest, ...others] = saves;
    card.append(picture(newest), element("strong", "", name));
    card.append(element("span", "when", newest ? when(newest, this._now()) : SAVES.empty));
    const acts = element("span", "acts");
    if (slot !== AUTO_SLOT) acts.append(this._saveButton(slot, Boolean(newest)));
    if (newest) acts.append(this._load(newest, name), this._export(newest, name), this._delete(newest, name));
    card.append(acts);
    for (const other of others) card.append(this._otherVersion(other));
    return card;
  }

  _saveButton(slot, filled) {
    const name = slotName(slot);
    return button("Save", () => this.onrequest(saveRequest(slot)), {
      className: "small touching", label: filled ? `Save over ${name}` : `Save into ${name}`,
    });
  }

  _load(save, which) {
    const request = loadRequest(save.slot, save.version);
    return button("Load", () => this.onrequest(request), { className: "small touching", label: `Load ${which}` });
  }

  _export(save, which) {
    return button("Export", () => this.onrequest(exportRequest("state", save.slot)), { label: `Export ${which}` });
  }

  _delete(save, which) {
    const remove = button("Delete", () => {}, { label: `Delete ${which}` });
    confirmOnSecondPress(remove, "Really?", () => this.onrequest(deleteSaveRequest(save.slot, save.version)));
    return remove;
  }

  /** One that another room saved meanwhile: nothing is lost, and the player chooses. */
  _otherVersion(save) {
    const row = element("div", "other");
    const words = `${SAVES.other} ${ago(save.time, this._now())}`;
    const which = `${slotName(save.slot)}, ${words}`;
    const acts = element("span", "acts");
    acts.append(this._load(save, which), this._delete(save, which));
    row.append(picture(save), element("span", "when", words), acts);
    return row;
  }
}

function when(save, now) {
  const words = ago(save.time, now);
  return save.conflict ? `${words} · ${SAVES.conflict}` : words;
}

function picture(save) {
  if (!save?.thumbnail) return element("span", "no-picture");
  const image = document.createElement("img");
  image.src = save.thumbnail;
  image.alt = "";
  return image;
}

/** Give a file to the browser's downloads. */
function download({ name, bytes }) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser reads it after the click
}
