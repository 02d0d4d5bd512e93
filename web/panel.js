/** The settings dialog: radio buttons named like the settings that they set. */

const READ = { codec: String, scale: Number, fit: String };

export class Panel {
  constructor(dialog, settings) {
    this._dialog = dialog;
    this._settings = settings;
    dialog.addEventListener("change", ({ target }) => settings.set(target.name, READ[target.name](target.value)));
    // A click beside the card is a click on the dialog itself.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  open() {
    for (const input of this._dialog.querySelectorAll("input")) {
      input.checked = READ[input.name](input.value) === this._settings.get(input.name);
    }
    this._dialog.showModal();
  }

  close() {
    this._dialog.close();
  }
}
