/**
 * What an operator asks of the coordinator: an overview, to move a room, to drain a worker.
 *
 * Keeps the token in the tab's own storage and sends it nowhere but in the Authorization header. Leaves to admin.js what
 * is shown.
 */

const KEY = "coinop.admin-token";

/** The coordinator does not do it. `code` is "token", "off", "refused" or "away"; the text is for the operator. */
export class OperatorError extends Error {
  constructor(code, sentence) {
    super(sentence);
    this.code = code;
  }
}

const SENTENCES = Object.freeze({
  401: ["token", "That is not the admin token: type the coordinator's COINOP_ADMIN_TOKEN."],
  404: ["off", "This coordinator has no admin token, so nobody can operate it from here. Start it with a "
    + "COINOP_ADMIN_TOKEN of at least 16 characters."],
});
const AWAY = "The coordinator doesn't answer. This page keeps asking.";
const UNREADABLE = "The answer makes no sense. Reload this page: it may be of another release than the coordinator.";
/** An HTTP header takes these and no others. */
const SENDABLE = /^[\x20-\x7e]+$/;

export class Operator {
  /** `storage` is a sessionStorage or null, and may throw at any call; `fetch` as the browser's. */
  constructor(storage, fetch) {
    this._storage = storage;
    this._fetch = fetch;
    this._token = this._stored((kept) => kept.getItem(KEY)) ?? "";
  }

  get hasToken() {
    return this._token !== "";
  }

  /** Use this token until the tab is closed. Throws OperatorError if it can be none. */
  take(typed) {
    const token = typed.trim();
    if (!SENDABLE.test(token)) throw new OperatorError("token", SENTENCES[401][1]);
    this._token = token;
    this._stored((kept) => kept.setItem(KEY, token));
  }

  forget() {
    this._token = "";
    this._stored((kept) => kept.removeItem(KEY));
  }

  /** {version, pages, regions, workers, rooms}. Throws OperatorError. */
  async overview() {
    const found = await this._ask("GET", "admin/overview");
    const lists = ["regions", "workers", "rooms"].every((name) => Array.isArray(found?.[name]));
    if (!lists) throw new OperatorError("refused", UNREADABLE);
    return found;
  }

  /** Throws OperatorError, with the coordinator's own words if it has some. */
  move(room) {
    return this._ask("POST", `admin/rooms/${encodeURIComponent(room)}/move`);
  }

  drain(worker) {
    return this._ask("POST", `admin/workers/${encodeURIComponent(worker)}/drain`);
  }

  _stored(act) {
    try {
      return this._storage && act(this._storage);
    } catch {
      return null; // nothing can be kept: the token is typed again after a reload
    }
  }

  async _ask(method, path) {
    let response;
    let body;
    try {
      response = await this._fetch(path, {
        method, headers: { Authorization: `Bearer ${this._token}` }, cache: "no-store", redirect: "error",
      });
      body = await response.text();
    } catch {
      throw new OperatorError("away", AWAY);
    }
    const said = parsed(body);
    if (response.ok) return said;
    if (said?.message) throw new OperatorError("refused", said.message);
    const [code, sentence] = SENTENCES[response.status] ?? ["away", AWAY];
    throw new OperatorError(code, sentence);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
