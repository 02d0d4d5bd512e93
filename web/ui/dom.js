/** How elements are found and made: of a tag, a class and text. Text is never markup. */

/**
 * Get the element of this id, which the page has.
 * @param {string} id
 * @returns {any} as what it is differs by id
 */
export const byId = (id) => document.getElementById(id);

/**
 * Make an element.
 * @returns {any} as what it is differs by tag
 */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** Make a radio button with its label. */
export function radio(name, value, text) {
  const label = element("label");
  const input = element("input");
  Object.assign(input, { type: "radio", name, value });
  label.append(input, text);
  return label;
}

/** Make a button that does `act`. `label` is what a screen reader says, where that is more than the text. */
export function button(text, act, { className = "small", label = "" } = {}) {
  const made = element("button", className, text);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}
