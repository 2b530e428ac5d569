/**
 * Hands the state of the page to Dash: puts it into the stores that the callbacks draw from.
 *
 * The plot is drawn first. The stores follow when no answer is awaited, since their callbacks take
 * longer than a click may.
 *
 * @typedef {{message: string, field: string|null}} Problem
 */
{
  const PROBLEM_SHOWN_MS = 7000;
  const PAUSE_MS = 10;
  const AT_LATEST_MS = 120;
  const FIRST_PAUSE_MS = 500;
  const LOSS_PAUSE_MS = 60;
  /** To count a pass in the headline costs as much as to draw two losses. */
  const COUNT_EVERY_MS = 1000;
  const RACE_PAUSE_MS = 100;
  let problemTimer = 0;
  /** @type {Problem|null} */
  let trouble = null;
  let announced = "";
  let begun = false;
  let published = 0;
  /** What the store holds, as text. */
  let stored = "";
  /** What each group of controls was given to show, as text. @type {Record<string, string>} */
  const given = {};
  /** The task that fills the store. */
  const publishing = { timer: 0, since: 0 };
  /** The task that writes the league table. */
  const filling = { timer: 0, since: 0 };

  /** Draw everything that depends on the state: the plot in the next frame, then the rest. */
  function all() {
    gmm.plot.schedule();
    mark();
    publishSoon(PAUSE_MS);
  }

  /** Draw the empty plot; the rest waits for the first answer, for half a second at most. */
  function begin() {
    for (const { group, values } of gmm.callbacks.controls(gmm.snapshot.take())) {
      given[group] = JSON.stringify(values); // dash_app/ui/layout.py begins with them
    }
    begun = true;
    gmm.plot.schedule();
    mark();
    publishSoon(FIRST_PAUSE_MS);
  }

  function publishSoon(/** @type {number} */ pauseMs) {
    if (!begun) return; // Dash is still making the page; each store costs it a round of callbacks
    gmm.idle.wait(publishing, publish, pauseMs, AT_LATEST_MS);
  }

  function publish() {
    published = performance.now();
    gmm.table.fill();
    const data = gmm.snapshot.take(trouble, announced);
    const text = JSON.stringify(data);
    if (text !== stored) gmm.set_props("state", { data });
    stored = text;
    for (const group of gmm.callbacks.controls(data)) control(group);
  }

  /** Give a group of controls its values if they are new. */
  function control(/** @type {{group: string, values: any[]}} */ told) {
    const wanted = JSON.stringify(told.values);
    if (wanted !== given[told.group]) gmm.set_props(`shown-${told.group}`, { data: told });
    given[told.group] = wanted;
  }

  /** A person has moved a control: let it show the session with the next state, whatever that is. */
  function controls() {
    given.settings = "";
  }

  /** Mark the page at once with what the style sheet needs for fading what is old. */
  function mark() {
    const { state } = gmm;
    const { busy } = state.outbox;
    const marks = {
      mode: state.mode,
      connection: state.connection,
      empty: busy || (state.view && (state.view.n_points || state.view.scratch)) ? "no" : "yes",
      online: busy ? "behind" : "current",
      race: gmm.race.behind() ? "behind" : "current",
      rewind: gmm.race.cursor === null ? "no" : "yes",
      scratch: gmm.race.cursor !== null || state.scratchCurrent() ? "current" : "old",
      losses: state.training() && state.losses.length === 0 ? "old" : "current",
      playing: state.view && state.view.playing ? "yes" : "no",
      truth: state.truth && state.view && state.view.truth ? "yes" : "no",
    };
    const { dataset } = document.getElementById("page");
    for (const [name, value] of Object.entries(marks)) {
      if (dataset[name] !== value) dataset[name] = value;
    }
  }

  /** The learners were told about an increment: the league table changes, and the open rewind. */
  function race() {
    mark();
    if (gmm.race.cursor !== null) publishSoon(RACE_PAUSE_MS);
    else gmm.idle.wait(filling, gmm.table.fill, RACE_PAUSE_MS, AT_LATEST_MS);
  }

  /** A run has a new loss: the chart draws it, the headline counts it from time to time. */
  function loss() {
    mark();
    if (performance.now() - published > COUNT_EVERY_MS) publishSoon(LOSS_PAUSE_MS);
  }

  /** Announce an event to screen readers, or what the headline says now. */
  function announce(/** @type {string} */ what = gmm.words.headline(gmm.snapshot.take())[0]) {
    announced = what;
    publishSoon(PAUSE_MS);
  }

  /** Tell something that has no place of its own, visibly. */
  function tell(/** @type {string} */ text, colour = "online") {
    gmm.set_props("message", { data: { text, colour } });
  }

  /** @returns {boolean} whether there is no server to ask; the page says so */
  function missesServer() {
    const is = gmm.state.connection === "lost";
    if (is) tell("This needs the server, and the connection is lost.", "red");
    return is;
  }

  /** Show a refusal at its field for some time. An empty message clears it immediately. */
  function problem(/** @type {string} */ message, /** @type {string|null} */ field = null) {
    clearTimeout(problemTimer);
    trouble = message ? { message, field } : null;
    publishSoon(PAUSE_MS);
    if (message) problemTimer = setTimeout(() => problem(""), PROBLEM_SHOWN_MS);
  }

  /** Show whether the server is there and saves; a hindrance is of a server that is there. */
  function connection(/** @type {"live"|"hindered"|"lost"} */ status, /** @type {Hindrance|null} */ hindrance = null) {
    const { state } = gmm;
    const before = state.connection;
    if (before === status && state.hindrance?.message === hindrance?.message) return;
    Object.assign(state, { connection: status, hindrance });
    if (status === "lost") announce("The connection is lost. What you add is kept and sent later.");
    else if (status === "hindered") announce(gmm.words.hindered(gmm.snapshot.take()).join(" "));
    else if (before === "lost") announce("The connection is back.");
    else if (before === "hindered") announce("The server saves again.");
    all();
  }

  gmm.show = { all, announce, begin, connection, controls, loss, missesServer, problem, race, tell };
}
