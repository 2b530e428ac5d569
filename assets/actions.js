/** The user's actions, by mouse, touch or key. Changes of the session go into the outbox. */
(function (gmm) {
  "use strict";

  const PLAY_EVERY_MS = 45;
  const AUTO_DELAY_MS = 120;
  const AUTO_AT_LATEST_MS = 400;
  let playTimer = 0;
  /** Training from scratch that waits for idle time. */
  const auto = { timer: 0, since: 0 };

  function change(/** @type {any} */ command) {
    gmm.state.outbox.push(command);
    gmm.show.all();
  }

  function add(/** @type {number} */ x) {
    stopPlaying();
    change({ kind: "add", x: [x] });
  }

  function remove(/** @type {number} */ x) {
    stopPlaying();
    change({ kind: "remove", x: [x] });
  }

  function configure(/** @type {any} */ settings) {
    change({ kind: "configure", settings });
  }

  /** Train from scratch, after all earlier changes have reached the server. */
  function train() {
    const { state } = gmm;
    gmm.idle.stop(auto);
    if (!state.outbox.busy && !(state.view && state.view.n_points)) {
      gmm.show.problem("There is no point to train on yet: click on the axis first.");
      return;
    }
    change({ kind: "train", method: state.method, epochs: state.epochs });
  }

  function stop() {
    gmm.set_props("follow", { data: { run: gmm.state.run.id, stop: true, at: performance.now() } });
  }

  /** Train from scratch soon, if automatic training is on; a burst of changes trains once. */
  function trainSoon() {
    const { state } = gmm;
    if (!state.auto || !state.view || !state.view.n_points || state.scratchCurrent()) {
      gmm.idle.stop(auto);
    } else {
      gmm.idle.wait(auto, train, AUTO_DELAY_MS, AUTO_AT_LATEST_MS);
    }
  }

  function clear() {
    stopPlaying();
    gmm.state.reset();
    change({ kind: "clear" });
    gmm.charts.schedule();
  }

  /** Request an example; the answer brings its points. */
  function example(/** @type {string} */ name) {
    stopPlaying();
    gmm.state.reset();
    change({ kind: "example", name });
    gmm.charts.schedule();
  }

  /** Add an example's increments one by one, slowly enough to watch. */
  function play(/** @type {number[][]} */ increments) {
    const [first, ...rest] = increments;
    if (!first) return;
    if (!gmm.state.outbox.crowded) {
      change({ kind: "add", x: first, whole: true });
      playTimer = setTimeout(() => play(rest), PLAY_EVERY_MS);
    } else {
      playTimer = setTimeout(() => play(increments), PLAY_EVERY_MS);
    }
  }

  function stopPlaying() {
    clearTimeout(playTimer);
  }

  function setComponents(/** @type {number} */ n) {
    gmm.set_props("n-components", { value: n });
  }

  /** Move a slider by `steps`, up to its end; with `round`, past its end to its beginning. */
  function step(/** @type {string} */ id, /** @type {number} */ steps, round = false) {
    const slider = /** @type {HTMLInputElement} */ (document.getElementById(id));
    const [low, high, size] = [slider.min, slider.max, slider.step].map(Number);
    const wanted = Number(slider.value) + steps * size;
    if (wanted >= low && wanted <= high) gmm.set_props(id, { value: wanted });
    else if (round) gmm.set_props(id, { value: low });
  }

  const help = () => /** @type {HTMLDialogElement} */ (document.getElementById("help"));

  /** Change settings that exist only in the page, and show them. */
  function choose(/** @type {any} */ settings) {
    Object.assign(gmm.state, settings);
    gmm.show.settings();
    gmm.show.all();
    gmm.charts.schedule("scratch-loss-chart");
    trainSoon();
  }

  /** @type {Record<string, () => void>} */
  const BUTTONS = {
    train: () => (gmm.state.training() ? stop() : train()),
    clear,
    undo: () => change({ kind: "undo" }),
    redo: () => change({ kind: "redo" }),
    theme: () => {
      gmm.theme.toggle();
      gmm.show.theme();
    },
    auto: () => choose({ auto: !gmm.state.auto }),
    "mode-online": () => choose({ mode: "online" }),
    "mode-scratch": () => choose({ mode: "scratch" }),
    "mode-both": () => choose({ mode: "both" }),
    "method-em": () => choose({ method: "em" }),
    "method-adam": () => choose({ method: "adam" }),
    "scale-linear": () => choose({ logScale: false }),
    "scale-log": () => choose({ logScale: true }),
    "help-open": () => help().showModal(),
    "copy-parameters": () => gmm.table.copy(gmm.state.view),
  };

  function press(/** @type {string} */ id) {
    if (BUTTONS[id]) BUTTONS[id]();
    else example(id.replace("example-", ""));
  }

  gmm.actions = { add, configure, play, press, remove, setComponents, step, trainSoon };
})((window.dash_clientside = window.dash_clientside || {}));
