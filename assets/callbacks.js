/** The clientside callbacks of dash_app/ui/callbacks.py. */
(function (gmm) {
  "use strict";

  /** @type {Map<string, number>} how often each button has been pressed */
  const presses = new Map();

  /** @returns {Promise<any>} the plot's element, once Dash and Plotly have drawn it */
  function drawn(/** @type {string} */ id) {
    return new Promise((resolve) => {
      const look = () => {
        const gd = gmm.plot.element(id);
        if (gd) resolve(gd);
        else requestAnimationFrame(look);
      };
      look();
    });
  }

  /** Start the page: add the listeners and request the session. */
  async function boot(/** @type {any} */ settings) {
    const { state } = gmm;
    if (state.outbox) return;
    state.settings = settings;
    state.outbox = new gmm.outbox.Outbox(
      (/** @type {any} */ command, /** @type {number} */ attempt) =>
        gmm.set_props("command", { data: { ...command, attempt } }),
      gmm.answers.overdue,
    );
    const gd = await drawn("plot");
    gmm.pointer.listen(gd);
    gmm.cursor.listen();
    gmm.keyboard.listen();
    gmm.stream.listen();
    gmm.theme.onSystemChange(gmm.show.theme);
    window.addEventListener("resize", () => gmm.plot.schedule());
    gmm.show.settings();
    gmm.show.theme();
    gmm.show.all();
    gmm.answers.look();
  }

  /** Handle pressed buttons; Dash may report several quick presses in one call. */
  function pressed() {
    for (const [name, value] of Object.entries(gmm.callback_context.inputs)) {
      const id = name.slice(0, name.lastIndexOf("."));
      const before = presses.get(id) || 0;
      presses.set(id, value || 0);
      for (let press = before; press < value; press += 1) gmm.actions.press(id);
    }
  }

  function components(/** @type {string|number} */ value) {
    gmm.show.settings();
    const wanted = Number(value);
    const { view } = gmm.state;
    if (view && wanted && wanted !== view.n_components) {
      gmm.actions.configure({ n_components: wanted });
    }
  }

  function memory(/** @type {string|number} */ step) {
    const halfLife = gmm.state.settings.memory_steps[Number(step)];
    gmm.show.settings();
    const { view } = gmm.state;
    if (view && halfLife !== view.half_life) gmm.actions.configure({ half_life: halfLife });
  }

  function axis(/** @type {string} */ lowText, /** @type {string} */ highText) {
    const [low, high] = [lowText, highText].map((text) => Number(String(text).replace(",", ".")));
    if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
      gmm.show.problem(
        `The axis goes from a number to a larger one, not from ${lowText} to ${highText}.`,
        "axis",
      );
      return;
    }
    gmm.state.axis = [low, high];
    if (gmm.state.outbox) gmm.show.all();
  }

  function epochs(/** @type {string|number} */ value) {
    gmm.state.epochs = Number(value);
    gmm.show.settings();
  }

  const given = (/** @type {(answer: any) => void} */ handle) => (/** @type {any} */ answer) => {
    if (answer) handle(answer);
  };

  gmm.callbacks = {
    answered: given((answer) => gmm.answers.answered(answer)),
    axis,
    boot,
    components,
    epochs,
    followed: given((answer) => gmm.answers.followed(answer)),
    memory,
    pressed,
    seen: given((answer) => gmm.answers.seen(answer)),
  };
})((window.dash_clientside = window.dash_clientside || {}));
