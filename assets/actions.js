/** The user's actions, by mouse, touch or key. Changes of the session go into the outbox. */
"use strict";

(function (gmm) {
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
    change({ kind: "add", x: [x] });
  }

  function remove(/** @type {number} */ x) {
    if (gmm.snapshot.settings().half_life !== null) {
      gmm.show.tell("With forgetting, no single point can be taken out. Undo takes back the last change.");
    } else {
      change({ kind: "remove", x: [x] });
    }
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

  function stopTraining() {
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
    stop();
    gmm.state.reset();
    change({ kind: "clear" });
    gmm.charts.schedule();
  }

  /** Request an example; the answer brings its points. */
  function example(/** @type {string} */ name) {
    stop();
    gmm.state.reset();
    change({ kind: "example", name });
    gmm.charts.schedule();
  }

  /** Add an example's increments one by one, slowly enough to watch. */
  function play(/** @type {string} */ name, /** @type {number[][]} */ increments) {
    gmm.state.playing = { name, done: 0, total: increments.length, status: "playing" };
    next(increments);
  }

  function next(/** @type {number[][]} */ increments) {
    const { playing, outbox } = gmm.state;
    if (!playing || playing.done === playing.total) {
      stop();
      return;
    }
    if (playing.status === "playing" && !outbox.crowded) {
      change({ kind: "add", x: increments[playing.done], whole: true });
      playing.done += 1;
    }
    playTimer = setTimeout(() => next(increments), PLAY_EVERY_MS);
  }

  function pause() {
    const { playing } = gmm.state;
    if (playing) playing.status = playing.status === "paused" ? "playing" : "paused";
    gmm.show.all();
  }

  function stop() {
    clearTimeout(playTimer);
    gmm.state.playing = null;
    gmm.show.all();
  }

  /** Take over choices that exist only in the page. */
  function choose(/** @type {{mode: string, method: string, auto: boolean}} */ choices) {
    Object.assign(gmm.state, choices);
    if (!gmm.state.outbox) return;
    gmm.show.all();
    trainSoon();
  }

  /** @type {Record<string, () => void>} */
  const BUTTONS = {
    train: () => (gmm.state.training() ? stopTraining() : train()),
    clear,
    undo: () => change({ kind: "undo" }),
    redo: () => change({ kind: "redo" }),
    pause,
    stop,
  };

  function press(/** @type {string} */ id) {
    if (BUTTONS[id]) BUTTONS[id]();
    else example(id.replace("example-", ""));
  }

  gmm.actions = { add, choose, configure, play, press, remove, trainSoon };
})((window.dash_clientside = window.dash_clientside || {}));
