/** Shows the state as text, numbers and styles. plot.js and charts.js draw the curves. */
(function (gmm) {
  "use strict";

  const PROBLEM_SHOWN_MS = 7000;
  const CONNECTION = {
    connecting: "connecting",
    live: "connected",
    hindered: "retrying",
    lost: "connection lost, retrying",
  };
  let wordsDue = false;
  let problemTimer = 0;
  /** The values that the tables show. */
  let tabled = /** @type {any[]} */ ([]);

  const byId = (/** @type {string} */ id) => document.getElementById(id);

  function text(/** @type {string} */ id, /** @type {string} */ words) {
    const element = byId(id);
    if (element.textContent !== words) element.textContent = words;
  }

  /** Draw everything that depends on the state: the plot in the next frame, then the text. */
  function all() {
    const { state } = gmm;
    gmm.plot.schedule();
    const data = byId("page").dataset;
    data.mode = state.mode;
    data.empty = state.outbox.busy || (state.view && state.view.n_points) ? "no" : "yes";
    data.online = state.outbox.busy ? "behind" : "current";
    data.scratch = state.scratchCurrent() ? "current" : "old";
    data.training = state.training() ? "yes" : "no";
    if (wordsDue) return;
    wordsDue = true;
    requestAnimationFrame(() => setTimeout(words, 0));
  }

  /** Show the newest loss of a run, and the text that changes with it. */
  function loss() {
    const { losses, training } = gmm.state;
    byId("page").dataset.losses = training() && losses.length === 0 ? "old" : "current";
    text("scratch-loss", gmm.words.nats(losses[losses.length - 1]));
  }

  function words() {
    wordsDue = false;
    const { state, words: say } = gmm;
    const { view } = state;
    const [headline, detail] = say.headline(state);
    text("sentence", headline);
    text("sentence-detail", detail);
    const [online, scratch] = say.legend(state);
    text("legend-online", online);
    text("legend-scratch", scratch);
    text("train-label", state.training() ? "Stop training" : "Train from scratch");
    loss();
    text("online-loss", say.nats(view && view.online && view.online.loss));
    const comparison = view && view.comparison;
    text("difference", comparison ? say.percent(comparison.total_variation) : "–");
    byId("undo").disabled = !(view && view.can_undo);
    byId("redo").disabled = !(view && view.can_redo);
    tables([view, state.run, state.axis]);
  }

  /** Draw the tables whose values have changed, unless an answer is awaited. */
  function tables(/** @type {any[]} */ of) {
    if (of.every((each, index) => each === tabled[index])) return;
    tabled = of;
    gmm.table.drawParameters(gmm.state.view);
    gmm.table.drawTimes(gmm.state.timings);
  }

  /** Show the values of the controls. */
  function settings() {
    const { state } = gmm;
    const { value } = /** @type {HTMLInputElement} */ (byId("n-components"));
    text("n-components-value", value);
    text("epochs-value", String(state.epochs));
    for (const id of [
      `mode-${state.mode}`,
      `method-${state.method}`,
      `scale-${state.logScale ? "log" : "linear"}`,
    ]) {
      const pressed = byId(id);
      for (const button of pressed.parentElement.children) {
        button.setAttribute("aria-pressed", String(button === pressed));
      }
    }
    byId("auto").setAttribute("aria-checked", String(state.auto));
    const step = Number(/** @type {HTMLInputElement} */ (byId("memory")).value);
    const halfLife = state.settings.memory_steps[step];
    text("memory-value", halfLife ? `halves every ${halfLife}` : "never forgets");
  }

  /** Announce an event to screen readers. */
  function announce(/** @type {string} */ what) {
    text("announcement", what);
  }

  /** Show a refusal at its field for some time. An empty message clears it immediately. */
  function problem(/** @type {string} */ message, /** @type {string|null} */ field = null) {
    clearTimeout(problemTimer);
    for (const place of document.querySelectorAll(".error, .problem")) {
      if (place.textContent) place.textContent = "";
    }
    if (!message) return;
    const place = byId(`${String(field).replace("_", "-")}-error`) || byId("problem");
    place.textContent = message;
    problemTimer = setTimeout(() => problem(""), PROBLEM_SHOWN_MS);
  }

  /**
   * Show whether the server is there and saves.
   * @param {"connecting"|"live"|"hindered"|"lost"} status
   * @param {Hindrance|null} hindrance of a server that is there
   */
  function connection(status, hindrance = null) {
    const { state } = gmm;
    const before = state.connection;
    if (before === status && state.hindrance?.message === hindrance?.message) return;
    Object.assign(state, { connection: status, hindrance });
    if (status === "lost") announce("The connection is lost. What you add is kept and sent later.");
    else if (status === "hindered") announce(gmm.words.hindered(state).join(" "));
    else if (before === "lost") announce("The connection is back.");
    else if (before === "hindered") announce("The server saves again.");
    byId("page").dataset.connection = status;
    text("connection", CONNECTION[status]);
    all();
  }

  /** Draw everything in the colours of the theme. */
  function theme() {
    text("theme", gmm.theme.current() === "dark" ? "Light" : "Dark");
    gmm.plot.schedule();
    gmm.charts.schedule();
  }

  gmm.show = { all, announce, connection, loss, problem, settings, theme };
})((window.dash_clientside = window.dash_clientside || {}));
