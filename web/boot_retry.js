/**
 * Loads the page again when one of its files can't be had, as the network changed meanwhile, and says so when that is of
 * no use or this browser can't run it. A plain script before the modules, which don't run at all if one of them is missing.
 */

/** Without a word of success or failure for so long, waiting on is no use. */
const LIMIT_MS = 20_000;

/** A network that has changed is there again in a moment. How often was tried is kept with the page's place in the history. */
const TRIES = 2;
const PAUSE_MS = 1000;

const giveUp = setTimeout(sayFailed, LIMIT_MS);
addEventListener("error", failed, true); // of elements, too: their events don't bubble
document.addEventListener("load", loaded, true); // not of the window, which scripts' loads never get to

function failed({ target }) {
  if (target !== window && !target.matches("script, link[rel=stylesheet]")) return;
  removeEventListener("error", failed, true);
  document.removeEventListener("load", loaded, true); // what else arrives is of no use
  const tried = history.state?.tried ?? 0;
  if (target === window || tried === TRIES) sayFailed();
  else setTimeout(tryAgain, PAUSE_MS, tried + 1);
}

function tryAgain(tried) {
  history.replaceState({ tried }, "");
  location.reload();
}

/** Stop watching once the module script has run, and with it all that it imports. */
function loaded({ target }) {
  if (!(target instanceof HTMLScriptElement) || target.type !== "module") return;
  clearTimeout(giveUp);
  removeEventListener("error", failed, true);
  removeEventListener("online", reload);
  history.replaceState(null, "");
  document.getElementById("unloaded")?.remove(); // it came late
  showRest(true);
}

function showRest(shown) {
  for (const part of /** @type {any} */ (document.body.children)) part.style.display = shown ? "" : "none";
}

function sayFailed() {
  addEventListener("online", reload);
  if (document.body) show();
  // Parts of the page that are still to be read would come over the words: they are hidden when they are there.
  if (document.readyState === "loading") document.addEventListener("readystatechange", show, { once: true });
}

function show() {
  showRest(false);
  const card = /** @type {any} */ (document.getElementById("unloaded") ?? document.body.appendChild(makeCard()));
  card.style.display = "";
  card.querySelector("button").focus();
}

function makeCard() {
  const card = document.createElement("section");
  const [title, words, again] = ["h2", "p", "button"].map((tag) => card.appendChild(document.createElement(tag)));
  Object.assign(card, { id: "unloaded", className: "card" });
  card.setAttribute("role", "alert");
  title.textContent = "This page could not be loaded";
  words.textContent = "Part of it did not arrive: the network may have changed or failed meanwhile. If loading it again "
    + "doesn't help, use a current Chrome, Edge, Firefox or Safari.";
  Object.assign(again, { type: "button", className: "primary", textContent: "Load it again" });
  again.addEventListener("click", reload);
  return card;
}

function reload() {
  location.reload();
}
