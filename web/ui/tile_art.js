/**
 * A small pixel-art scene for a game that has no picture: always the same for the same title and system.
 *
 * The system gives the colours, so that a shelf of one system looks like one shelf; the title gives the scene.
 * Gives pixels; library.js puts them on a canvas.
 */

export const WIDTH = 80;
export const HEIGHT = 60;
const HORIZON = 42;

/**
 * Hue of the sky in degrees, by words in the system's name; another system gets a hue from its name.
 * @type {[RegExp, number][]}
 */
const HUES = [
  [/super nintendo|snes|super famicom/i, 262], [/nintendo 64|n64/i, 140], [/\bnes\b|famicom|nintendo ent/i, 348],
  [/game ?boy advance|gba/i, 286], [/game ?boy|\bgbc?\b/i, 92], [/mega ?drive|genesis/i, 216],
  [/master system|game gear|\bsms\b/i, 190], [/playstation|psx/i, 234], [/pc engine|turbografx/i, 24],
  [/arcade|mame|neo ?geo/i, 318], [/atari/i, 14], [/amiga|commodore|c64/i, 205],
];

/** Thresholds of a 4x4 ordered dither, 0 to 15. */
const BAYER = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];
const SKY_SHADES = 6;

/** Paint the scene: RGBA bytes, WIDTH by HEIGHT. */
export function paint(title, system) {
  const random = generator(hash(`${title}\n${system}`));
  const hue = hueOf(system) + (random() - 0.5) * 24;
  const canvas = new Canvas();
  paintSky(canvas, hue, random);
  paintSun(canvas, random);
  paintRidge(canvas, HORIZON - 4, 13, hsl(hue + 12, 45, 27), random);
  paintRidge(canvas, HORIZON, 6, hsl(hue + 18, 50, 18), random);
  paintGround(canvas, hue, random);
  paintCreature(canvas, (hue + 150 + random() * 90) % 360, random);
  return canvas.rgba;
}

function hueOf(system) {
  return HUES.find(([words]) => words.test(system))?.[1] ?? hash(system) % 360;
}

class Canvas {
  constructor() {
    this.rgba = new Uint8ClampedArray(WIDTH * HEIGHT * 4).fill(255);
  }

  set(x, y, [red, green, blue]) {
    if (x < 0 || y < 0 || x >= WIDTH || y >= HEIGHT) return;
    const offset = 4 * (y * WIDTH + x);
    this.rgba[offset] = red;
    this.rgba[offset + 1] = green;
    this.rgba[offset + 2] = blue;
  }
}

function paintSky(canvas, hue, random) {
  const shades = Array.from({ length: SKY_SHADES + 1 }, (_, index) => {
    const down = index / SKY_SHADES;
    return hsl(hue + 40 * down, 62, 11 + 38 * down * down);
  });
  for (let y = 0; y < HORIZON; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const level = (y / HORIZON) * SKY_SHADES;
      const up = (level % 1) * 16 > BAYER[(y % 4) * 4 + (x % 4)] ? 1 : 0;
      canvas.set(x, y, shades[Math.floor(level) + up]);
    }
  }
  for (let star = 0; star < 26; star++) {
    const height = random() ** 1.6 * HORIZON * 0.75;
    canvas.set(Math.floor(random() * WIDTH), Math.floor(height), hsl(hue + 30, 70, 62 + random() * 32));
  }
}

/** Paint a sun with the slits of an old screen, or a moon. */
function paintSun(canvas, random) {
  const radius = 9 + Math.floor(random() * 6);
  const middleX = 16 + Math.floor(random() * (WIDTH - 32));
  const middleY = HORIZON - 10 - Math.floor(random() * 10);
  const slitted = random() < 0.7;
  const warm = random() < 0.6 ? 28 + random() * 24 : 325 + random() * 25;
  for (let y = -radius; y <= radius; y++) {
    if (slitted && y > 0 && y % 3 === 0) continue;
    const colour = hsl(warm - 14 * (y / radius), 92, 66 - 9 * (y / radius));
    const half = Math.floor(Math.sqrt(radius * radius - y * y + radius * 0.8));
    for (let x = -half; x <= half; x++) if (middleY + y < HORIZON) canvas.set(middleX + x, middleY + y, colour);
  }
}

function paintRidge(canvas, base, relief, colour, random) {
  let height = random() * relief;
  let slope = 1;
  for (let x = 0; x < WIDTH; x++) {
    if (random() < 0.16 || height < 0 || height > relief) slope = height > relief / 2 ? -1 : 1;
    height += slope * (0.3 + random() * 1.1);
    for (let y = Math.round(base - height); y < HORIZON; y++) canvas.set(x, y, colour);
  }
}

/** Paint a chequered floor that runs to the horizon. */
function paintGround(canvas, hue, random) {
  const light = hsl(hue + 20, 48, 30);
  const dark = hsl(hue + 20, 55, 20);
  const edge = hsl(hue + 40, 75, 58);
  const shift = random() * 8;
  for (let y = HORIZON; y < HEIGHT; y++) {
    const depth = 60 / (y - HORIZON + 1.5);
    for (let x = 0; x < WIDTH; x++) {
      const column = Math.floor(((x - WIDTH / 2) * depth) / 42 + shift);
      const odd = (column + Math.floor(depth * 1.6)) & 1;
      canvas.set(x, y, y === HORIZON ? edge : odd ? light : dark);
    }
  }
}

/** Paint the hero: random cells, mirrored, grown once so that they hang together, with an outline, a shade and eyes. */
function paintCreature(canvas, hue, random) {
  const size = 11;
  const cells = grow(mirrored(size, random), size);
  const eyes = 3 + Math.floor(random() * 2);
  const pixel = 3;
  const left = Math.floor((WIDTH - size * pixel) / 2);
  const top = HEIGHT - 6 - size * pixel;
  const outline = hsl(hue, 60, 7);
  const filled = (x, y) => x >= 0 && y >= 0 && x < size && y < size && cells[y * size + x];
  paintShadow(canvas, hsl(hue, 30, 6));
  const block = (x, y, colour) => {
    for (let dot = 0; dot < pixel * pixel; dot++) {
      canvas.set(left + x * pixel + (dot % pixel), top + y * pixel + Math.floor(dot / pixel), colour);
    }
  };
  for (let y = -1; y <= size; y++) {
    for (let x = -1; x <= size; x++) {
      if (filled(x, y)) block(x, y, filled(x, y - 1) ? hsl(hue, 80, y > size / 2 ? 46 : 56) : hsl(hue, 90, 72));
      else if (filled(x - 1, y) || filled(x + 1, y) || filled(x, y - 1) || filled(x, y + 1)) block(x, y, outline);
    }
  }
  for (const x of [5 - 2, 5 + 2]) {
    block(x, eyes, [255, 255, 255]);
    block(x, eyes + 1, outline);
  }
}

function paintShadow(canvas, colour) {
  for (let x = -15; x <= 15; x++) {
    const half = Math.round(3 * Math.sqrt(1 - (x / 16) ** 2));
    for (let y = -half; y <= half; y++) if ((x + y) & 1) canvas.set(WIDTH / 2 + x, HEIGHT - 5 + y, colour);
  }
}

function mirrored(size, random) {
  const cells = new Uint8Array(size * size);
  const middle = (size - 1) / 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x <= middle; x++) {
      const far = Math.hypot((x - middle) / middle, (y - middle) / middle);
      const cell = random() < 1.05 - far * 0.75 ? 1 : 0;
      cells[y * size + x] = cells[y * size + size - 1 - x] = cell;
    }
  }
  for (let y = 3; y < 6; y++) for (const x of [middle - 2, middle + 2]) cells[y * size + x] = 1;
  return cells;
}

/** Remove lone cells and close holes. */
function grow(cells, size) {
  return cells.map((cell, at) => {
    const x = at % size;
    let neighbours = 0;
    for (const step of [-size, size]) neighbours += cells[at + step] ?? 0;
    if (x > 0) neighbours += cells[at - 1];
    if (x < size - 1) neighbours += cells[at + 1];
    return neighbours >= 3 || (cell && neighbours >= 2) ? 1 : 0;
  });
}

/** Hash the code units by FNV-1a: 32 bits. */
export function hash(text) {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** Make numbers from 0 to 1 out of a seed (a Weyl sequence through a mixer), the same in every browser. */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Convert hue in degrees, the others in per cent, to three bytes. */
function hsl(hue, saturation, lightness) {
  const chroma = (saturation / 100) * Math.min(lightness / 100, 1 - lightness / 100);
  return [0, 8, 4].map((offset) => {
    const sector = (offset + (((hue % 360) + 360) % 360) / 30) % 12;
    return Math.round(255 * (lightness / 100 - chroma * Math.max(-1, Math.min(sector - 3, 9 - sector, 1))));
  });
}
