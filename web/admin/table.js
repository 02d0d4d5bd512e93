/** A table whose rows stay the same elements while their figures change, so that a button can be pressed twice. */

import { element } from "../ui/dom.js";

export class LiveTable {
  /**
   * `table` is empty; `act(row)` makes what stands at the end of a row, or is left out.
   * @param {((row: any) => Element) | null} act
   */
  constructor(table, act = null) {
    this._act = act;
    this._head = document.createElement("thead");
    this._body = document.createElement("tbody");
    this._rows = new Map(); // key -> {line, cells, shown}
    table.replaceChildren(this._head, this._body);
  }

  /** Show these rows in this order; `key(row)` tells which was there before. Columns are table_columns.js's. */
  show(columns, rows, key) {
    this._showHead(columns);
    const before = this._rows;
    this._rows = new Map(rows.map((row) => [key(row), before.get(key(row)) ?? this._make(columns, row)]));
    rows.forEach((row) => this._fill(this._rows.get(key(row)), columns, row));
    const lines = [...this._rows.values()].map(({ line }) => line);
    // Elements that are put where they are already would lose the focus.
    if (lines.length !== this._body.children.length || lines.some((line, at) => line !== this._body.children[at])) {
      this._body.replaceChildren(...lines);
    }
  }

  _showHead(columns) {
    if (this._head.children.length > 0) return;
    const line = document.createElement("tr");
    line.append(...columns.map(({ head, word }) => cell("th", word, head)));
    for (const head of line.children) head.setAttribute("scope", "col");
    if (this._act) line.append(cell("td", false, ""));
    this._head.append(line);
  }

  _make(columns, row) {
    const line = document.createElement("tr");
    const cells = columns.map(({ word }) => cell("td", word, ""));
    line.append(...cells);
    if (this._act) {
      const last = cell("td", false, "");
      last.append(this._act(row));
      line.append(last);
    }
    return { line, cells };
  }

  _fill({ cells }, columns, row) {
    columns.forEach(({ text, bad, note }, at) => {
      cells[at].textContent = text(row);
      cells[at].toggleAttribute("data-bad", Boolean(bad?.(row)));
      cells[at].toggleAttribute("data-note", Boolean(note?.(row)));
    });
  }
}

function cell(tag, word, text) {
  return element(tag, word ? "word" : "", text);
}
