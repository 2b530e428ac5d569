/**
 * The race: what each learner had after each increment, as the server tells it.
 *
 * @typedef {{learner: string, step: number, n_points: number, weights: number[], means: number[],
 *   variances: number[], objective: number|null, loss: number|null, mean_nll: number|null, tv_to_scratch: number,
 *   tv_to_truth: number|null, held_out_nll: number|null,
 *   time_s: number, n_touched: number}} Racer
 */
{
  const RETRY_MS = 3000;
  /** The chart follows after a pause: its figure costs Dash more than a click may. */
  const PAUSE_MS = 400;
  const AT_LATEST_MS = 1000;
  /** The densities are drawn when all learners are told; with a slow one the others are drawn before. */
  const DRAW_MS = { pause: 20, latest: 100 };
  /** What the panels of the chart show of a record. @type {Record<string, (record: Racer) => number|null>} */
  const PANELS = {
    distance: (record) => record.tv_to_scratch,
    loss: (record) => record.loss,
    touched: (record) => record.n_touched,
  };
  /** The learners that always run: the reference, and the online one. */
  const ALWAYS = ["summary", "scratch"];
  const NO_RACE = "No comparison: these charts count every point the same. This session has or had a half-life.";
  /** The session that the records are of. */
  let sessionId = "";
  /** The idle-time task that hands the records over. */
  const publishing = { timer: 0, since: 0 };
  /** The task that draws densities of some of the learners. */
  const drawing = { timer: 0, since: 0 };

  const race = {
    /** @type {Map<string, Racer[]>} the records of each learner by step */
    records: new Map(),
    /** @type {number|null} the step that is shown; null: the present */
    cursor: null,
    /** @type {string[]} the learners added by a person or an example */
    racing: [],
    /** @type {string[]} those of them whose lines are shown */
    shown: [],
    /** The sentence that says why there is no race. */
    refusal: "",
    /** The revision up to which all learners are told. */
    revision: -1,
  };

  /** @returns {number[]} the number of points after each step that the reference knows */
  const ends = () => (race.records.get("scratch") || []).map((record) => record.n_points);

  /** @returns {number} how many steps the reference knows */
  const steps = () => ends().length;

  /** @returns {boolean} whether the learners have yet to learn what the session has */
  const behind = () =>
    race.cursor === null && !race.refusal && race.revision < (gmm.state.view ? gmm.state.view.revision : 0);

  /** @returns {boolean} whether densities of added learners are on their way */
  const awaited = () => race.shown.length > 0 && behind();

  /** @returns {Racer|undefined} the record of a learner at the cursor, or its last one */
  function at(/** @type {string} */ name) {
    const told = race.records.get(name) || [];
    return told[race.cursor ?? told.length - 1];
  }

  /** Show the lines of these learners beside those that always run. */
  function choose(/** @type {string[]} */ names) {
    if (names.join() === race.shown.join()) return;
    race.shown = names.slice();
    for (const name of [...race.records.keys()]) {
      if (![...ALWAYS, ...names].includes(name)) race.records.delete(name);
    }
    follow();
    gmm.plot.schedule(); // also where the last line goes
    told();
  }

  /** Listen to the session with the chosen learners. */
  function follow() {
    const { view } = gmm.state;
    const learners = [...ALWAYS, ...race.shown].join();
    if (view && view.id !== sessionId) forget(view.id);
    feed.follow(view ? `api/v1/sessions/${view.id}/race?learners=${learners}` : "");
  }

  /** Drop all records: they are of another session. */
  function forget(/** @type {string} */ id) {
    sessionId = id;
    race.records.clear();
    race.refusal = "";
    race.revision = -1;
    gmm.rewind.close();
  }

  /**
   * The past has changed: drop the records of this step and later. A new stream begins with 0; where
   * the session has not changed since the stream before, its records are still true.
   */
  function keep(/** @type {{n_steps: number, revision: number}} */ { n_steps: n, revision }) {
    if (n === 0 && revision === race.revision && !race.refusal) return;
    for (const told of race.records.values()) told.length = Math.min(told.length, n);
    race.refusal = "";
    if (race.cursor !== null && race.cursor >= n) gmm.rewind.close(revision > gmm.state.view.revision);
    told();
  }

  function record(/** @type {Racer} */ news) {
    if (!race.records.has(news.learner)) race.records.set(news.learner, []);
    const loss = news.objective === null ? null : -news.objective;
    race.records.get(news.learner)[news.step] = { ...news, loss };
    const { pause, latest } = DRAW_MS;
    const newest = race.shown.includes(news.learner) && news.n_points === gmm.state.view.n_points;
    if (newest) gmm.idle.wait(drawing, gmm.plot.schedule, pause, latest);
    gmm.idle.wait(publishing, publish, PAUSE_MS, AT_LATEST_MS);
  }

  /** All learners have learned all points. */
  function current(/** @type {{revision: number}} */ { revision }) {
    race.revision = revision;
    told();
  }

  function refused(/** @type {{message: string}} */ { message }) {
    keep({ n_steps: 0, revision: -2 });
    race.refusal = message.includes("half-life") ? NO_RACE : message;
    race.revision = -1;
    told();
  }

  const feed = gmm.feed({ keep, record, current, refused }, RETRY_MS);

  /** Draw the densities in the next frame, table and chart in idle time. */
  function told() {
    if (!gmm.state.outbox) return; // the page has not begun yet
    gmm.idle.stop(drawing);
    if (race.shown.length || race.cursor !== null) gmm.plot.schedule();
    gmm.show.race();
    gmm.idle.wait(publishing, publish, PAUSE_MS, AT_LATEST_MS);
  }

  /** Hand the chart what its panels show. */
  function publish() {
    const names = [...ALWAYS, ...race.shown];
    const panels = Object.fromEntries(Object.entries(PANELS).map(([panel, value]) =>
      [panel, Object.fromEntries(names.map((name) => [name, (race.records.get(name) || []).map(value)]))]));
    gmm.charts.tell("race-chart", { panels, x: ends() }, race.refusal || null);
  }

  /** @returns {{name: string, measured: any}[]} the rows of the league table, of all learners */
  function table() {
    const names = [...ALWAYS, ...Object.keys(gmm.state.settings.lines)];
    const racing = [...ALWAYS, ...race.shown];
    return names.map((name) => ({ name, measured: racing.includes(name) ? measured(at(name)) : null }));
  }

  /** @returns {any} a record with the gap to the reference, nats; null while the reference is not as far */
  function measured(/** @type {Racer|undefined} */ one) {
    const scratch = one && race.records.get("scratch")?.[one.step];
    if (!scratch) return null;
    const known = scratch.mean_nll !== null && one.mean_nll !== null; // or it is too large for a number
    return { ...one, gap: known ? scratch.mean_nll - one.mean_nll : null };
  }

  /** @returns {{paths: any, top: number}} the density of each added learner, by the trace's uid */
  function lines(/** @type {[number, number]} */ range) {
    const paths = {};
    let top = 0;
    for (const name of race.shown) {
      const model = at(name);
      if (!model) continue;
      const uid = gmm.state.settings.lines[name];
      paths[uid] = gmm.curves.line(uid, model, range);
      top = Math.max(top, ...paths[uid].y);
    }
    return { paths, top };
  }

  gmm.race = Object.assign(race, { at, awaited, behind, choose, ends, follow, lines, steps, table, told });
}
