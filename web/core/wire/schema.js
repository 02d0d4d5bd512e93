/**
 * How JSON from outside is checked: readers, which give the value or undefined for one that they refuse, and readers
 * made of readers. The messages themselves are coordinator.js's and room.js's.
 */

const ABSENT = Symbol("absent");

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

export const boolean = (value) => (typeof value === "boolean" ? value : undefined);
export const string = (value) => (typeof value === "string" ? value : undefined);
export const name = (value) => (typeof value === "string" && value !== "" ? value : undefined);
export const number = (min, max) => (value) => (Number.isFinite(value) && value >= min && value <= max ? value : undefined);
export const integer = (min, max) => (value) => (Number.isInteger(value) ? number(min, max)(value) : undefined);
export const oneOf = (...values) => (value) => (values.includes(value) ? value : undefined);
export const matching = (pattern) => (value) => (typeof value === "string" && pattern.test(value) ? value : undefined);

/**
 * A field that may be missing: then it is left out, or has the value `fallback`.
 * @param {(value: any) => any} reader
 * @param {any} fallback
 */
export const optional = (reader, fallback = ABSENT) => (value) => (value === undefined ? fallback : reader(value));
export const nullable = (reader) => (value) => (value === null ? null : reader(value));

/** Make a reader of an array of at most `most` good items. */
export function list(reader, most = Infinity) {
  return (value) => {
    if (!Array.isArray(value) || value.length > most) return undefined;
    const items = value.map(reader);
    return items.includes(undefined) ? undefined : items;
  };
}

/** Make a reader of an array of one item for each reader. */
export function tuple(...readers) {
  return (value) => {
    if (!Array.isArray(value) || value.length !== readers.length) return undefined;
    const items = readers.map((reader, index) => reader(value[index]));
    return items.includes(undefined) ? undefined : items;
  };
}

/** Make a reader of an object: a fresh one with just these fields, each checked by its reader. */
export function object(readers) {
  return (json) => {
    if (!isObject(json)) return undefined;
    const fields = {};
    for (const [field, reader] of Object.entries(readers)) {
      const value = reader(Object.hasOwn(json, field) ? json[field] : undefined);
      if (value === undefined) return undefined;
      if (value !== ABSENT) fields[field] = value;
    }
    return fields;
  };
}

/** Parse a JSON text as what `reader` makes of it, or undefined if it is no JSON or the reader refuses it. */
export function parseWith(reader, text) {
  if (typeof text !== "string") return undefined;
  try {
    return reader(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** Read a message that names its type: {type, ...} by the reader of that type in `readers`; null if none takes it. */
export function parseTyped(readers, text, maxChars) {
  if (typeof text !== "string" || text.length > maxChars) return null;
  const typed = (json) => {
    if (!isObject(json) || typeof json.type !== "string" || !Object.hasOwn(readers, json.type)) return undefined;
    const fields = readers[json.type](json);
    return fields && { type: json.type, ...fields };
  };
  return parseWith(typed, text) ?? null;
}
