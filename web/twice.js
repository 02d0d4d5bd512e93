/** A button for what can't be undone: the first press asks, a second one soon after does it. */

/** Long enough to read the question, short enough to have forgotten it when the next press comes by chance. */
const ASKED_MS = 4000;

/** Have `button` call `act` at its second press; meanwhile `label` (an element inside, or the button) says `question`. */
export function pressTwice(button, question, act, label = button) {
  let asked = null;
  const words = label.textContent;
  const calm = () => {
    clearTimeout(asked);
    asked = null;
    label.textContent = words;
    delete button.dataset.asked;
  };
  button.addEventListener("click", () => {
    if (asked !== null) {
      calm();
      act();
      return;
    }
    label.textContent = question;
    button.dataset.asked = "";
    asked = setTimeout(calm, ASKED_MS);
  });
  button.addEventListener("blur", calm);
}
