/** The lobby's open rooms: those whose hosts have listed them, as tiles that join. */

import { element } from "./dom.js";
import { drawArt } from "./library.js";

/** Say who is in a room: "2 playing, 1 watching, 2 free seats". */
export function occupancy({ players, watching, free_seats: free }) {
  const words = [`${players} playing`];
  if (watching > 0) words.push(`${watching} watching`);
  words.push(free === 0 ? "no free seat" : `${free} free ${free === 1 ? "seat" : "seats"}`);
  return words.join(", ");
}

export class Lobby {
  /** `section` is shown while there is a room; `list` gets the tiles. */
  constructor(section, list) {
    this._section = section;
    this._list = list;
    /** A room was chosen. */
    this.onchoose = (room) => {};
  }

  show(rooms) {
    const focused = /** @type {any} */ (document.activeElement)?.dataset?.roomId;
    this._section.hidden = rooms.length === 0;
    this._list.replaceChildren(...rooms.map((room) => this._tile(room)));
    if (focused) [...this._list.children].find((tile) => tile.dataset.roomId === focused)?.focus();
  }

  _tile(room) {
    const tile = element("button", "room");
    tile.type = "button";
    tile.dataset.roomId = room.room;
    const act = room.free_seats > 0 ? "Join" : "Watch";
    tile.setAttribute("aria-label", `${act} ${room.game.title}: ${occupancy(room)}`);
    const art = document.createElement("canvas");
    drawArt(art, room.game);
    const label = element("span", "room-label");
    label.append(element("span", "tile-title", room.game.title), element("span", "tile-system", occupancy(room)));
    tile.append(art, label, element("span", "room-act", act));
    tile.addEventListener("click", () => this.onchoose(room));
    return tile;
  }
}
