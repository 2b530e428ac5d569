/** The user's actions, by mouse, touch or key. Changes of the session go into the outbox. */
{
  const AUTO_DELAY_MS = 120;
  const AUTO_AT_LATEST_MS = 400;
  /** Training from scratch that waits for idle time. */
  const auto = { timer: 0, since: 0 };

  /** The button of the example that was played last. */
  let played = "";

  function change(command) {
    if (!gmm.rewind.asks(command)) send(command);
  }

  function send(command) {
    gmm.state.outbox.push(command);
    gmm.show.all();
  }

  function add(/** @type {number} */ x) {
    change({ kind: "add", x: [x] });
  }

  function remove(/** @type {number} */ x) {
    if (gmm.race.cursor !== null) {
      gmm.show.tell("The past is shown. Close the rewind to take a point out.");
    } else if (gmm.snapshot.settings().half_life !== null) {
      gmm.show.tell("With forgetting, no single point can be taken out. Undo takes back the last change.");
    } else {
      change({ kind: "remove", x: [x] });
    }
  }

  /** Remove the point nearest to x, if one is within `reach` (data units). */
  function takeBack(/** @type {number} */ x, /** @type {number} */ reach) {
    const { expected, binned } = gmm.state;
    const point = gmm.points.nearest([...expected.held, ...expected.coming], x, reach);
    if (point !== null) remove(point);
    else if (binned) gmm.show.tell("This page has a histogram of so many points: no single one can be taken out.");
    else gmm.show.tell(reach < Infinity ? "There is no point here." : "There is no point to take back.");
  }

  function configure(settings) {
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
    change(training());
  }

  const training = () => ({ kind: "train", method: gmm.state.method, epochs: gmm.state.epochs });

  /** Train from scratch soon, if automatic training is on; a burst of changes trains once. */
  function trainSoon() {
    const { state } = gmm;
    if (!state.auto || !state.view || !state.view.n_points || state.scratchCurrent()) {
      gmm.idle.stop(auto);
    } else {
      gmm.idle.wait(auto, () => send(training()), AUTO_DELAY_MS, AUTO_AT_LATEST_MS); // a rewind stays open
    }
  }

  function clear() {
    gmm.state.reset();
    gmm.charts.schedule();
    change({ kind: "clear" });
  }

  /** Let the server play an example; its points come by the stream. The axis shows all of them. */
  function example(/** @type {string} */ name) {
    for (const end of ["axis-low", "axis-high"]) gmm.set_props(end, { value: "" });
    gmm.state.reset();
    gmm.charts.schedule();
    change({ kind: "play", name });
    const { beside } = gmm.state.settings.examples[name];
    const racing = [...new Set([...gmm.race.racing, ...beside])];
    if (racing.length > gmm.race.racing.length) gmm.set_props("racing", { value: racing });
  }

  /** @returns {boolean} whether an example plays, or has been asked for */
  const plays = () => Boolean(gmm.state.outbox.starts || gmm.state.view?.playing);

  function pause() {
    const { outbox, view } = gmm.state;
    const paused = !outbox.starts && view?.playing?.status === "paused";
    if (plays()) change({ kind: paused ? "resume" : "pause" });
  }

  function stop() {
    if (plays()) change({ kind: "stop" });
  }

  /** Draw the density that the points of an example come from, or no longer. */
  function truth() {
    gmm.state.truth = !gmm.state.truth;
    gmm.show.all();
  }

  /** @type {Record<string, () => void>} */
  const BUTTONS = {
    train: () => (gmm.state.training() ? gmm.exchange.follow(gmm.state.run.id, true) : train()),
    clear,
    undo: () => change({ kind: "undo" }),
    redo: () => change({ kind: "redo" }),
    pause,
    stop,
    truth,
    "rewind-open": () => gmm.rewind.toggle(),
    "rewind-back": () => gmm.rewind.step(-1),
    "rewind-play": () => gmm.rewind.play(),
    "rewind-on": () => gmm.rewind.step(1),
    "rewind-close": () => gmm.rewind.close(),
    "branch-here": () => gmm.rewind.answer("here"),
    "branch-end": () => gmm.rewind.answer("end"),
    "branch-cancel": () => gmm.rewind.answer("cancel"),
    "story-open": () => gmm.story.open(),
    "story-again": () => gmm.story.openAgain(),
    "story-next": () => gmm.story.next(),
    "story-back": () => gmm.story.back(),
    "story-leave": () => gmm.story.leave(),
  };

  function press(/** @type {string} */ id) {
    if (BUTTONS[id]) {
      BUTTONS[id]();
    } else {
      played = id;
      example(id.replace("example-", ""));
    }
  }

  gmm.actions = { add, configure, played: () => played, plays, press, takeBack, trainSoon };
}
