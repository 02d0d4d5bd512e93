/** The folders of web/ and what each may import: borders are of folders, and lead downwards. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const WEB = fileURLToPath(new URL("../../web", import.meta.url));

/** What the scripts of a folder may import beside their own folder's; "." is web/ itself. */
const MAY_IMPORT = {
  "core/wire": [],
  "core/net": ["core/wire"],
  "core/input": ["core/wire"],
  "core/session": ["core/net", "core/wire"],
  ui: ["core/session", "core/net", "core/input", "core/wire"],
  app: ["ui", "core/session", "core/net", "core/input", "core/wire"],
  admin: ["ui"],
  ".": ["app", "core/session"],
};

/** Folders that a test drives without a page. */
const WITHOUT_PAGE = ["core/wire", "core/net", "core/session"];

const scripts = readdirSync(WEB, { recursive: true }).map(String).filter((name) => name.endsWith(".js"))
  .map((name) => ({ name, folder: path.dirname(name), text: readFileSync(path.join(WEB, name), "utf8") }));

function imports({ name, text }) {
  return [...text.matchAll(/^(?:import\b|\}).*"([^"]+)";$/gm)].map(([, from]) => path.dirname(path.join(path.dirname(name), from)));
}

test("every folder is in the table", () => {
  assert.ok(scripts.length > 40);
  assert.deepEqual([...new Set(scripts.map(({ folder }) => folder))].sort(), Object.keys(MAY_IMPORT).sort());
});

for (const script of scripts) {
  test(`${script.name} imports what is below it`, () => {
    const allowed = [script.folder, ...MAY_IMPORT[script.folder]];
    assert.deepEqual(imports(script).filter((folder) => !allowed.includes(folder)), []);
  });
}

test("nothing is imported but at the top of a script", () => {
  const later = scripts.filter(({ text }) => /\bimport\s*\(/.test(text));
  assert.deepEqual(later.map(({ name }) => name), []);
  assert.ok(scripts.flatMap(imports).length > 100);
});

test("no circle among the folders", () => {
  const below = (folder, above = []) => {
    assert.ok(!above.includes(folder), [...above, folder].join(" > "));
    for (const next of MAY_IMPORT[folder]) below(next, [...above, folder]);
  };
  for (const folder of Object.keys(MAY_IMPORT)) below(folder);
});

test("messages, connections and sessions know no page", () => {
  const code = (text) => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replace(/"[^"\n]*"/g, '""');
  const reaching = scripts.filter(({ folder, text }) => WITHOUT_PAGE.includes(folder) && /\b(document|window)\b/.test(code(text)));
  assert.deepEqual(reaching.map(({ name }) => name), []);
});
