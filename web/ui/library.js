/** The games as tiles: drawn, searched, and walked through with the arrow keys. Titles are text, never markup. */

import { element } from "./dom.js";
import { HEIGHT, WIDTH, paint } from "./tile_art.js";

/** With fewer games a search box is clutter. */
const SEARCHABLE = 8;
/** A tile's scene is painted when it is so near to being seen: a shelf of 1,000 games would stop the page for seconds. */
const NEAR = "600px";
/** "Duel 2" before "Duel 10". */
const ORDER = new Intl.Collator(undefined, { numeric: true });

/** Find the games whose title or system holds every word of the query. */
export function matching(games, query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  return games.filter((game) => {
    const text = plain(`${game.title} ${game.system}`);
    return words.every((word) => text.includes(word));
  });
}

/** Simplify text as a hurried person types it: no case, no accents, composed letters in one form. */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{Mark}/gu, "").toLowerCase();
}

/** Find where an arrow key leads from tile `index` of `count`, in rows of `columns`: an index, or null for another key. */
export function step(key, index, count, columns) {
  const ways = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns, Home: -index, End: count - 1 - index };
  if (!Object.hasOwn(ways, key)) return null;
  const target = index + ways[key];
  return target >= 0 && target < count ? target : index;
}

/** Draw a game's scene on a canvas. */
export function drawArt(canvas, game) {
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  canvas.getContext("2d").putImageData(new ImageData(paint(game.title, game.system), WIDTH, HEIGHT), 0, 0);
}

export class Library {
  /** `elements`: grid, count, search, empty, nothing. Each is an element of index.html. */
  constructor(elements) {
    this._elements = elements;
    this._games = [];
    this._tiles = new Map(); // keyOf(game) -> its tile, so that an update does not redraw what stays
    this._painter = new IntersectionObserver((seen) => this._paint(seen), { rootMargin: NEAR });
    /** A tile was chosen. */
    this.onchoose = (game) => {};
    elements.search.addEventListener("input", () => this._render());
    elements.grid.addEventListener("keydown", (event) => this._walk(event));
  }

  show(games) {
    const before = this._tiles;
    this._games = [...games].sort((one, other) => ORDER.compare(one.title, other.title));
    this._tiles = new Map(games.map((game) => [keyOf(game), before.get(keyOf(game)) ?? this._makeTile(game)]));
    const { search, empty } = this._elements;
    search.parentElement.hidden = games.length <= SEARCHABLE;
    if (games.length <= SEARCHABLE) search.value = "";
    empty.hidden = games.length > 0;
    this._render();
  }

  /** Put the focus on the tile of this game, if it is shown. */
  focus(id) {
    [...this._elements.grid.children].find((tile) => tile.dataset.gameId === id)?.focus();
  }

  _render() {
    const { grid, count, search, nothing } = this._elements;
    const shown = matching(this._games, search.value);
    const focused = /** @type {any} */ (document.activeElement)?.dataset?.gameId;
    grid.replaceChildren(...shown.map((game) => this._tiles.get(keyOf(game))));
    grid.dataset.few = String(this._games.length <= 3);
    count.textContent = words(shown.length, this._games.length);
    nothing.hidden = shown.length > 0 || this._games.length === 0;
    if (focused) this.focus(focused);
  }

  _makeTile(game) {
    const tile = makeTile(game);
    tile.addEventListener("click", () => this.onchoose(game));
    this._painter.observe(tile);
    return tile;
  }

  _paint(seen) {
    for (const { target: tile, isIntersecting } of seen) {
      if (!isIntersecting) continue;
      this._painter.unobserve(tile);
      drawArt(tile.querySelector("canvas"), this._games.find(({ id }) => id === tile.dataset.gameId));
    }
  }

  _walk(event) {
    const tiles = [...this._elements.grid.children];
    const index = tiles.indexOf(event.target.closest(".tile"));
    if (index < 0) return;
    const columns = tiles.filter((tile) => tile.offsetTop === tiles[0].offsetTop).length;
    const target = step(event.key, index, tiles.length, columns);
    if (target === null) return;
    event.preventDefault();
    tiles[target].focus();
  }
}

function keyOf({ id, title, system }) {
  return JSON.stringify([id, title, system]);
}

function makeTile(game) {
  const tile = element("button", "tile");
  tile.type = "button";
  tile.dataset.gameId = game.id;
  const art = element("span", "tile-art");
  art.append(document.createElement("canvas"), element("span", "tile-play", "Play"));
  const label = element("span", "tile-label");
  label.append(element("span", "tile-title", game.title), element("span", "tile-system", game.system));
  tile.append(art, label);
  return tile;
}

function words(shown, all) {
  if (all === 0) return "";
  const noun = all === 1 ? "game" : "games";
  return shown === all ? `${all} ${noun}` : `${shown} of ${all} ${noun}`;
}
