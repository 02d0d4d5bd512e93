/** The games as tiles: drawn, searched, and walked through with the arrow keys. Titles are text, never markup. */

import { element } from "./dom.js";
import { HEIGHT, WIDTH, paint } from "./tile_art.js";

/** With fewer games a search box is clutter. */
const SEARCHABLE = 8;
/** So many tiles are made at a time, the next when one comes near to the last: 20,000 would stop the page for seconds. */
const SHELF = 400;
/** A tile's scene is painted when it is so near to being seen: a shelf of 1,000 games would stop the page for seconds. */
const NEAR = "600px";
/** "Duel 2" before "Duel 10". */
const ORDER = new Intl.Collator(undefined, { numeric: true });

/** Find the games whose title or system holds every word of the query. */
export function matching(games, query) {
  const words = plain(query).split(/\s+/).filter(Boolean);
  return games.filter((game) => words.every((word) => searchable(game).includes(word)));
}

/** What is searched in each game, which takes longer to make than to search. */
const searched = new WeakMap();

function searchable(game) {
  let text = searched.get(game);
  if (text === undefined) searched.set(game, text = plain(`${game.title} ${game.system}`));
  return text;
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
    this._found = []; // the games that the search leaves; the first of them have tiles in the grid
    this._tiles = new Map(); // keyOf(game) -> its tile, so that an update does not redraw what stays
    this._painter = new IntersectionObserver((seen) => this._paint(seen), { rootMargin: NEAR });
    this._extender = new IntersectionObserver((seen) => this._extend(seen), { rootMargin: NEAR });
    /** A tile was chosen. */
    this.onchoose = (game) => {};
    elements.search.addEventListener("input", () => this._render());
    elements.grid.addEventListener("keydown", (event) => this._walk(event));
  }

  show(games) {
    const before = this._tiles;
    this._games = [...games].sort((one, other) => ORDER.compare(one.title, other.title));
    this._tiles = new Map(games.map(keyOf).filter((key) => before.has(key)).map((key) => [key, before.get(key)]));
    const { search, empty } = this._elements;
    search.parentElement.hidden = games.length <= SEARCHABLE;
    if (games.length <= SEARCHABLE) search.value = "";
    empty.hidden = games.length > 0;
    this._render(this._elements.grid.children.length); // who has come far down stays there
  }

  /** Put the focus on the tile of this game, if it is shown. */
  focus(id) {
    const index = this._found.findIndex((game) => game.id === id);
    if (index < 0) return;
    const { grid } = this._elements;
    while (grid.children.length <= index) this._append();
    /** @type {any} */ (grid.children[index]).focus();
  }

  /** Show what the search leaves, with so many tiles at least, if there are so many games. */
  _render(least = 0) {
    const { grid, count, search, nothing } = this._elements;
    const shown = this._found = matching(this._games, search.value);
    const focused = /** @type {any} */ (document.activeElement)?.dataset?.gameId;
    grid.replaceChildren();
    do this._append(); while (grid.children.length < Math.min(least, shown.length));
    grid.dataset.few = String(this._games.length <= 3);
    count.textContent = words(shown.length, this._games.length);
    nothing.hidden = shown.length > 0 || this._games.length === 0;
    if (focused) this.focus(focused);
  }

  /** Put the tiles of the next games that were found into the grid. */
  _append() {
    const { grid } = this._elements;
    const next = this._found.slice(grid.children.length, grid.children.length + SHELF);
    grid.append(...next.map((game) => this._tileOf(game)));
    this._extender.disconnect();
    if (grid.lastElementChild) this._extender.observe(grid.lastElementChild);
  }

  _extend(seen) {
    const more = this._elements.grid.children.length < this._found.length;
    if (more && seen.some(({ isIntersecting }) => isIntersecting)) this._append();
  }

  _tileOf(game) {
    const key = keyOf(game);
    let tile = this._tiles.get(key);
    if (!tile) this._tiles.set(key, tile = this._makeTile(game));
    return tile;
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
