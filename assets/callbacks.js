/**
 * The clientside callbacks of dash_app/ui/callbacks.py; those of the small charts are in charts.js.
 * All but the first group return what a component shows, and are functions of what the hot path has
 * put into a store.
 */
{
  /** @type {Map<string, number>} how often each button has been pressed */
  const presses = new Map();
  /** What the readings show, and each group of controls. @type {Record<string, any[]>} */
  const shown = {};
  /** Where a callback has moved the slider of the rewind to; not a person's choice. */
  let slid = 1;

  /** @returns {Promise<any>} the plot's element, once Dash and Plotly have drawn it */
  async function drawnPlot() {
    while (!gmm.plot.element("plot")) await new Promise(requestAnimationFrame);
    return gmm.plot.element("plot");
  }

  /** Start the page with the choices that the browser has kept: add the listeners, request the session. */
  async function boot(
    settings,
    /** @type {string} */ mode,
    /** @type {string} */ method,
    /** @type {boolean} */ auto,
    /** @type {string} */ speed,
  ) {
    const { state } = gmm;
    if (state.outbox) return;
    state.settings = settings;
    chosen(mode, method, auto);
    gmm.rewind.setSpeed(Number(speed));
    state.outbox = new gmm.outbox.Outbox();
    const gd = await drawnPlot();
    gmm.plot.begin(gd);
    gmm.pointer.listen(gd);
    gmm.cursor.listen();
    gd.on("plotly_afterplot", gmm.plot.schedule); // Plotly also resizes by itself
    gmm.keyboard.listen();
    gmm.menu.listen();
    gmm.stream.listen();
    gmm.story.listen();
    window.addEventListener("resize", () => gmm.plot.schedule());
    window.addEventListener("beforeprint", () => {
      const frame = document.getElementById("plot-frame");
      frame.style.setProperty("--width", `${frame.clientWidth}`); // the paper's style makes it smaller
    });
    gmm.show.begin();
    say(CONTROLS.settings(gmm.snapshot.take()));
    gmm.answers.look();
    gmm.charts.make();
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

  /** @returns {any[]} the sliders' positions for the settings */
  function positions(/** @type {Settings} */ settings) {
    const { half_lives: halfLives, capacities, max_components: most } = gmm.state.settings;
    const nearest = (/** @type {number[]} */ steps, /** @type {number} */ value) =>
      steps.reduce((best, step, k) =>
        Math.abs(Math.log(step / value)) < Math.abs(Math.log(steps[best] / value)) ? k : best, 0);
    const fading = halfLives.slice(1);
    return [
      Math.min(most, settings.n_components),
      settings.half_life === null ? 0 : 1 + nearest(fading, settings.half_life),
      nearest(capacities, settings.capacity),
    ];
  }

  const SLIDERS = ["n_components", "half_life", "capacity"];

  /** @type {(number|null)[]} where callbacks have moved the sliders to; not a person's choice */
  const moved = [null, null, null];

  /** A person has moved a slider: change the session, unless it has that setting already. */
  function configured(/** @type {number} */ position) {
    const { view, settings: constants } = gmm.state;
    if (!view || !gmm.callback_context.triggered.length) return;
    const id = gmm.callback_context.triggered[0].prop_id.split(".")[0];
    const name = id.replace("-", "_");
    const index = SLIDERS.indexOf(name);
    const byCallback = moved[index] === position;
    moved[index] = null;
    if (byCallback || positions(gmm.snapshot.settings())[index] === position) return;
    gmm.show.controls(); // it shows what the session may not take
    const values = { half_life: constants.half_lives, capacity: constants.capacities };
    gmm.actions.configure({ [name]: values[name] ? values[name][position] : position });
  }

  /** Take over the choices that the page alone has. */
  function chosen(/** @type {string} */ mode, /** @type {string} */ method, /** @type {boolean} */ auto) {
    Object.assign(gmm.state, { mode, method, auto });
    if (!gmm.state.outbox) return; // the page has not begun yet
    gmm.show.all();
    gmm.actions.trainSoon();
  }

  function epochs(/** @type {number} */ value) {
    gmm.state.epochs = value;
    return String(value);
  }

  /** @returns {number|null} the number in a box as a person writes it; null if it is empty */
  function written(/** @type {string|null} */ text) {
    const plain = (text || "").trim().replace("\u2212", "-");
    if (/^[-+]?[1-9]\d{0,2}(,\d{3})+/.test(plain)) return NaN; // a thousand, or one and nothing?
    if (/[^\d.,e+-]/i.test(plain)) return NaN; // as in 0x10, which JavaScript reads
    return plain === "" ? null : Number(plain.replace(",", "."));
  }

  /** Plotly divides the pixels of an axis by its width: below 1e-304 that is no finite number. */
  const LEAST_WIDTH = 1e-300;

  /** @returns {[boolean, boolean]} the error of the two boxes; an empty box is automatic */
  function axis(/** @type {string|null} */ lowest, /** @type {string|null} */ highest) {
    const [low, high] = [written(lowest), written(highest)];
    const { state } = gmm;
    const { farthest } = state.settings;
    const wrong = [low, high].map((end) => end !== null && !(Math.abs(end) <= farthest));
    const right = high ?? state.reach[1];
    const width = right - (low ?? state.reach[0]);
    const narrow = width < LEAST_WIDTH;
    state.axisWrong = "";
    if ([low, high].some(Number.isNaN)) state.axisWrong = "Expected a number, such as -2.5 or 1e6.";
    else if (wrong.includes(true)) state.axisWrong = `Expected a number from -${farthest} to ${farthest}.`;
    else if (narrow && width > 0) state.axisWrong = `Expected an axis that is at least ${LEAST_WIDTH} wide.`;
    else if (narrow) state.axisWrong = `The left end must be lower than the right one, ${gmm.words.number(right)}.`;
    else state.axis = [low, high];
    if (state.outbox) gmm.show.all();
    return [wrong[0] || narrow, wrong[1] || narrow];
  }

  /** Compare with these learners; lines that are switched off cost nothing. */
  function compared(/** @type {string[]} */ racing, /** @type {boolean[]} */ _checked, settings) {
    const switches = gmm.callback_context.inputs_list[1];
    const off = switches.filter((each) => !each.value).map((each) => each.id.learner);
    const names = Object.keys(settings.lines).filter((name) => racing.includes(name));
    gmm.race.racing = names;
    gmm.race.choose(names.filter((name) => !off.includes(name)));
    gmm.race.told(); // a new row has no figures yet
  }

  /** @returns {any[]} the rows of the learners that a person has added */
  function rows(/** @type {string[]} */ racing, later) {
    return Object.keys(later.rows).filter((name) => racing.includes(name)).map((name) => later.rows[name]);
  }

  /** The slider of the rewind, or its speed. */
  function wound(/** @type {number} */ position, /** @type {string} */ speed) {
    gmm.rewind.setSpeed(Number(speed));
    if (gmm.race.cursor !== null && position !== slid) gmm.rewind.go(position - 1);
  }

  const CONNECTIONS = {
    connecting: ["connecting", "gray"],
    live: ["connected", "teal"],
    hindered: ["retrying", "red"],
    lost: ["connection lost, retrying", "red"],
  };

  /** @returns {string} how full the memory is */
  function memory(view) {
    const { n_atoms: atoms, exact } = (view && view.online) || {};
    const merged = exact ? "No values are merged." : "Neighbouring values are merged.";
    return atoms ? `It holds ${gmm.words.count(atoms, "atom")}. ${merged}` : "";
  }

  /** @returns {string} how many points are beyond the axis */
  function beyond({ outside, least }) {
    if (!outside) return "";
    const found = gmm.words.count(outside, "point");
    return `${least ? `At least ${found}` : found} outside; empty boxes show all.`;
  }

  /** What the groups of `_CONTROLS` in dash_app/ui/callbacks.py show. @type {Record<string, (snapshot: Snapshot) => any[]>} */
  const CONTROLS = {
    rewind: ({ step, steps, replays, playing }) => {
      slid = step === null ? 1 : step + 1;
      const comes = Boolean(playing && playing.status === "playing"); // points that would go on to come
      return [step === null ? 2 : Math.max(2, steps), slid, replays ? "Pause" : "Play", comes];
    },
    problems: ({ problem }) => {
      const places = ["", "n_components", "half_life", "capacity", "method", "epochs"];
      const at = problem ? Math.max(0, places.indexOf(problem.field)) : -1;
      return places.map((_, index) => (index === at ? problem.message : ""));
    },
    connection: ({ connection }) => CONNECTIONS[connection],
    working: ({ training, playing }) => [
      training ? "Stop training" : "Train from scratch",
      playing && playing.status === "paused" ? "Resume" : "Pause",
    ],
    buttons: ({ view }) => [
      !(view && view.can_undo),
      !(view && view.can_redo),
      !(view && view.truth),
      view && view.truth ? `The truth${gmm.state.truth ? " \u2713" : ""}` : "The truth: of fixed clumps only",
    ],
    axis: ({ shown: [low, high], axisWrong, ...told }) => [
      ...[low, high].map((end) => gmm.words.place(end, [low, high], 3)),
      axisWrong || beyond(told),
    ],
    studies: () => gmm.dialogs.current(),
    settings: ({ settings }) => [
      String(settings.n_components),
      settings.half_life ? `half after ${settings.half_life}` : "none",
      gmm.words.count(settings.capacity, "atom"),
      ...positions(settings),
    ],
  };

  /** @returns {any[]} the values, without those that are shown already */
  function changed(/** @type {any[]} */ values, /** @type {any[]} */ before) {
    return values.map((value, index) =>
      JSON.stringify(value) === JSON.stringify(before[index]) ? gmm.no_update : value,
    );
  }

  /** Show the state as text and tables, in the order of `_READINGS` in dash_app/ui/callbacks.py. */
  function readings(/** @type {Snapshot} */ snapshot) {
    const { announcement, playing, shown: axis, timings, view } = snapshot;
    const { parameters, note, times } = gmm.table;
    const values = [
      ...gmm.words.headline(snapshot),
      announcement,
      playing ? gmm.words.progress(playing) : "Examples",
      parameters(view?.online, "Online", axis),
      parameters(view?.scratch, "From scratch", axis),
      note(view),
      times(timings),
      memory(view),
    ];
    return control({ group: "readings", values });
  }

  /** @returns {{group: string, values: any[]}[]} what each group of controls is to show */
  const controls = (/** @type {Snapshot} */ snapshot) =>
    Object.entries(CONTROLS).map(([group, of]) => ({ group, values: of(snapshot) }));

  /** Let a group of controls show the state; `last` are the values that its last parts have now. */
  function control(/** @type {{group: string, values: any[]}} */ { group, values }, /** @type {any[]} */ ...last) {
    const before = (shown[group] || []).slice(0, values.length - last.length);
    shown[group] = values;
    return changed(values, [...before, ...last]);
  }

  /** Tell screen readers the values of the sliders: a position is no number of points or atoms. */
  function say(/** @type {string[]} */ texts) {
    SLIDERS.forEach((name, index) => {
      const thumb = document.querySelector(`#${name.replace("_", "-")} [role=slider]`);
      thumb?.setAttribute("aria-valuetext", texts[index]);
    });
  }

  /** The same for the settings; a person may have moved their sliders since. */
  function settings(/** @type {{values: any[]}} */ { values }, /** @type {number[]} */ ...sliders) {
    const n = values.length - sliders.length;
    sliders.forEach((value, index) => {
      if (values[n + index] !== value) moved[index] = values[n + index];
    });
    say(values);
    return control({ group: "settings", values }, ...sliders);
  }

  /** @returns {any} a notification that goes by itself */
  function message(told) {
    if (!told) return gmm.no_update;
    return [{ action: "show", id: `message-${performance.now()}`, message: told.text, color: told.colour, autoClose: 5000 }];
  }

  /** Copy the parameters; say whether the browser allowed it. */
  async function copy() {
    const view = gmm.state.seen();
    if (!view?.online) return { text: "There are no parameters to copy yet.", colour: "online" };
    try {
      await navigator.clipboard.writeText(gmm.table.json(view));
      return { text: "Parameters copied.", colour: "teal" };
    } catch (error) {
      return { text: `The browser does not let this page copy: ${error.message}`, colour: "red" };
    }
  }

  gmm.callbacks = {
    boot, pressed, configured, chosen, epochs, axis, control, controls, settings, readings, message, copy, compared,
    rows, wound, help: () => true,
  };
}
