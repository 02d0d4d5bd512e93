/** A button for what can't be undone: the first press asks, a second one soon after does it. */

/** Long enough to read the question, short enough to have forgotten it when the next press comes by chance. */
const ASKED_MS = 4000;

/** Have `button` call `act` at its second press; meanwhile `label` (an element inside, or the button) says `question`. */
export function confirmOnSecondPress(button, question, act, label = button) {
  /** @type {number | undefined} */
  let asked;
  const words = label.textContent;
  const name = button.getAttribute("aria-label"); // which a screen reader says instead of the text
  const say = (text, spoken) => {
    label.textContent = text;
    if (name) button.setAttribute("aria-label", spoken);
  };
  const calm = () => {
    clearTimeout(asked);
    asked = undefined;
    say(words, name);
    delete button.dataset.asked;
  };
  button.addEventListener("click", () => {
    if (asked !== undefined) {
      calm();
      act();
      return;
    }
    say(question, `${question} ${name}`);
    button.dataset.asked = "";
    asked = setTimeout(calm, ASKED_MS);
  });
  button.addEventListener("blur", calm);
}
