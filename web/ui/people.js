/** Who sits where, and what we may do about it: the panel beside the picture. Names are text, never markup. */

import { button, element } from "./dom.js";
import { confirmOnSecondPress } from "./confirm_button.js";
import { SEATS, giveSeatMessage, makeHostMessage, removeMessage, takeSeatMessage } from "../core/wire/coordinator.js";

/**
 * Arrange a room's state as the panel shows it: {seats: [{seat, person, actions}], watching: [{person, actions}]}. An action is
 * {text, label, message} and `confirm`, a question, if it wants a second press.
 */
export function places(people) {
  const me = people.members.find(({ id }) => id === people.you);
  const seats = Array.from({ length: SEATS }, (_, seat) => {
    const person = people.members.find((member) => member.seat === seat) ?? null;
    return { seat, person, actions: person ? towards(people, me, person) : vacant(me, seat) };
  });
  const watching = people.members.filter((member) => member.seat === null)
    .map((person) => ({ person, actions: towards(people, me, person) }));
  return { seats, watching };
}

function vacant(me, seat) {
  if (!me) return [];
  return [{ text: me.seat === null ? "Sit here" : "Move here", label: `Take seat ${seat + 1}`, message: takeSeatMessage(seat) }];
}

function towards(people, me, person) {
  if (!me) return [];
  if (person.id === me.id) {
    return me.seat === null ? [] : [{ text: "Get up", label: "Get up and watch", message: takeSeatMessage(null) }];
  }
  const host = people.host === me.id ? hosting(person) : [];
  return me.seat === null || !person.here ? host : [handing(people, me, person), ...host];
}

/** Offer what somebody seated may do with the own seat. */
function handing(people, me, person) {
  const offered = (from, to) => people.offers.some(([one, other]) => one === from.id && other === to.id);
  if (person.seat === null) {
    return { text: "Give my seat", label: `Give your seat to ${person.name}`, message: giveSeatMessage(person.id) };
  }
  if (offered(me, person)) {
    return { text: "Take back", label: `Take back the offer to ${person.name}`, message: giveSeatMessage(me.id) };
  }
  if (offered(person, me)) {
    return { text: "Swap now", label: `Swap seats with ${person.name}`, message: giveSeatMessage(person.id) };
  }
  return { text: "Swap", label: `Offer ${person.name} to swap seats`, message: giveSeatMessage(person.id) };
}

function hosting(person) {
  const handOver = { text: "Make host", label: `Make ${person.name} the host`, message: makeHostMessage(person.id) };
  const remove = { text: "Remove", label: `Remove ${person.name}`, message: removeMessage(person.id), confirm: "Really remove?" };
  return person.here ? [handOver, remove] : [remove];
}

/** Translate the room's name for a seat ("Player 2") to the name that the people there know. */
export function nameOf(called, people) {
  const seat = Number(/^Player (\d)$/.exec(called)?.[1]) - 1;
  return people?.members.find((member) => member.seat === seat)?.name ?? called;
}

/** Say what changed between two states of a room, for those who don't look at the panel. */
export function news(before, now) {
  if (!before) return [];
  const said = [];
  const old = new Map(before.members.map((member) => [member.id, member]));
  for (const member of now.members) {
    const was = old.get(member.id);
    old.delete(member.id);
    if (member.id === now.you) continue;
    if (!was) said.push(`${member.name} came in.`);
    else if (was.here && !member.here) said.push(`${member.name} lost the connection.${member.seat === null ? "" : " The seat is kept for a while."}`);
    else if (!was.here && member.here) said.push(`${member.name} is back.`);
  }
  for (const member of old.values()) said.push(`${member.name} left.`);
  const seat = ownSeat(now);
  if (seat !== ownSeat(before)) said.push(seat === null ? "You are watching now." : `You play on seat ${seat + 1} now.`);
  if (before.host !== now.host && now.host === now.you) said.push("You are the host now.");
  return [...said, ...newOffers(before, now)];
}

function ownSeat(people) {
  return people.members.find(({ id }) => id === people.you)?.seat ?? null;
}

function newOffers(before, now) {
  return now.offers
    .filter(([from, to]) => to === now.you && !before.offers.some(([one, other]) => one === from && other === to))
    .map(([from]) => `${now.members.find(({ id }) => id === from)?.name ?? "Somebody"} offers to swap seats: see People.`);
}

export class People {
  /** `elements`: panel, toggle, count, seats, watching, host, locked, listed, close. */
  constructor(elements) {
    this._elements = elements;
    /** A message for the coordinator. */
    this.onask = (message) => {};
    /** {locked} or {listed}: the host's wish. */
    this.onset = (changes) => {};
    elements.toggle.addEventListener("click", () => this._open(elements.panel.hidden));
    elements.close.addEventListener("click", () => this._open(false));
    elements.panel.addEventListener("keydown", (event) => event.key === "Escape" && this._open(false));
    for (const name of ["locked", "listed"]) {
      elements[name].addEventListener("change", ({ target }) => this.onset({ [name]: target.checked }));
    }
  }

  /** Show a `room_state`, or null when we are in no room. */
  show(people) {
    const { count, seats, watching, host, locked, listed } = this._elements;
    count.textContent = people ? String(people.members.length) : "";
    if (!people) {
      this._show(false);
      return;
    }
    const shown = places(people);
    const pressed = [seats, watching].some((list) => list.contains(document.activeElement)) ? document.activeElement : null;
    seats.replaceChildren(...shown.seats.map((place) => this._row(people, place)));
    watching.replaceChildren(...shown.watching.map((place) => this._row(people, place)));
    watching.parentElement.hidden = shown.watching.length === 0;
    if (pressed) this._focusAgain(pressed.getAttribute("aria-label"));
    host.disabled = people.host !== people.you;
    locked.checked = people.locked;
    listed.checked = people.listed;
  }

  _show(shown) {
    this._elements.panel.hidden = !shown;
    this._elements.toggle.setAttribute("aria-expanded", String(shown));
  }

  _open(shown) {
    const { toggle, close } = this._elements;
    this._show(shown);
    (shown ? close : toggle).focus({ focusVisible: false });
  }

  /** Focus the button that did this before; where it has nothing to do any more, the panel's own. */
  _focusAgain(label) {
    const { panel, close } = this._elements;
    const same = [...panel.querySelectorAll("button")].find((one) => one.getAttribute("aria-label") === label);
    (same ?? close).focus();
  }

  _row(people, { seat, person, actions }) {
    const row = element("li");
    row.classList.toggle("away", Boolean(person && !person.here));
    row.classList.toggle("free", !person);
    row.classList.toggle("me", person?.id === people.you);
    if (seat !== undefined) row.append(element("span", "seat-number", String(seat + 1)));
    row.append(element("span", "who", person ? person.name : "Free seat"));
    for (const tag of tags(people, person)) row.append(element("small", "tag", tag));
    const acts = element("span", "acts");
    acts.append(...actions.map((action) => this._action(action)));
    row.append(acts);
    return row;
  }

  _action({ text, label, message, confirm }) {
    const act = () => this.onask(message);
    if (!confirm) return button(text, act, { label });
    const made = button(text, () => {}, { label });
    confirmOnSecondPress(made, confirm, act);
    return made;
  }
}

function tags(people, person) {
  if (!person) return [];
  const said = [];
  if (person.id === people.you) said.push("you");
  if (person.id === people.host) said.push("host");
  if (!person.here) said.push("away");
  return said;
}
