/**
 * The small charts as figures: the data are filled into the figures of dash_app/ui/figures.py. The
 * functions up to `fits` are pure, except for `mark`; the next ones hand something to Dash, and the
 * last ones are callbacks.
 *
 * @typedef {{data: any[], layout: any}} Figure
 */
{
  const LIVE_EVERY_MS = 40;
  /** Smallest room above and below a loss; smaller differences do not matter. */
  const LEAST_NATS = 0.02;
  /** Extra room below a falling loss, as a share of the axis. More room means fewer redraws. */
  const ROOM_BELOW = 0.4;
  /** Smallest distance that the chart tells apart; `LEAST_DISTANCE` in dash_app/ui/figures.py. */
  const LEAST = 1e-4;
  const NO_LOSSES = "There are no losses of this training.";
  /** When a graph is made: soon after the page has begun or the last one is there. */
  const MAKE_MS = { pause: 300, latest: 500 };
  /** The task that makes the next graph. */
  const making = { timer: 0, since: 0 };
  /** The charts whose graph is made, or about to be. */
  const made = new Set();
  /** The task that tells the sentences, and how long it may wait. */
  const SAY_LATEST_MS = 100;
  const saying = { timer: 0, since: 0 };
  let liveTimer = 0;
  let toldAt = 0;
  /** What each chart says: "" with lines, null for the usual. @type {Record<string, string|null>} */
  let sentences = {};
  /** The data that the chart over the increments shows. @type {any} */
  let latest = null;
  /** What the chart of the run shows: of which run, in which form, so many losses. */
  let drawn = { key: "", n: 0 };
  /** The data that each chart has, as text. @type {Record<string, string>} */
  const given = {};

  /**
   * The range of a loss axis. Very high first losses are cut off at the top, because they would
   * flatten the rest of the curve.
   */
  function focus(/** @type {number[]} */ losses, roomBelow = 0) {
    if (losses.length === 0) return { autorange: true };
    const low = Math.min(...losses);
    const high = Math.max(...losses);
    const settled = Math.max(...losses.slice(Math.floor(losses.length / 4)));
    const far = high - low > 8 * (settled - low);
    const top = far ? low + Math.max(2 * (settled - low), 1) : high;
    const margin = Math.max(0.08 * (Math.min(high, top) - low), LEAST_NATS);
    const range = [low - margin, Math.min(high, top) + margin];
    range[0] -= roomBelow * (range[1] - range[0]);
    return { autorange: false, range };
  }

  /** @returns {Figure} the figure with other data and axes */
  function filled(/** @type {Figure} */ figure, /** @type {any[]} */ series, axes) {
    const data = figure.data.map((trace, index) => ({ ...trace, ...series[index] }));
    const layout = { ...figure.layout };
    for (const axis of Object.keys(axes)) layout[axis] = { ...layout[axis], ...axes[axis] };
    return { data, layout };
  }

  /** @returns {Figure} one line a learner over the points so far in each panel; the lines of the others go */
  function race({ panels, x: all }, /** @type {Figure} */ figure) {
    const series = figure.data.map(({ meta: { panel, learner } }) => {
      const known = panels[panel][learner] || [];
      const y = panel === "distance" ? known.map((/** @type {number} */ share) => Math.max(LEAST, share)) : known;
      const one = y.filter(Number.isFinite).length < 2; // a line needs two values
      const x = all.slice(0, y.length);
      return { x, y, customdata: known, visible: y.length > 0, mode: one ? "lines+markers" : "lines" };
    });
    const first = all[0] ?? 1;
    const last = all[all.length - 1] ?? first;
    const room = 0.5 + 0.02 * (last - first);
    const xaxis = { autorange: false, range: [first - room, Math.max(last, first + 1) + room], dtick: whole(last - first) };
    const read = Math.max(0, ...Object.values(panels.touched).flat());
    return filled(figure, series, { xaxis, yaxis2: lossAxis(panels.loss), yaxis3: { dtick: whole(read) } });
  }

  /** @returns {number|null} the step of the ticks of an axis that counts; null: what Plotly takes */
  const whole = (/** @type {number} */ span) => (span < 5 ? 1 : null);

  /** @returns {any} the axis of the losses: ours, and as much above them; far higher ones are cut off */
  function lossAxis(series) {
    const finite = (/** @type {any[]} */ losses) => losses.filter(Number.isFinite);
    const { summary, scratch, ...others } = series;
    const ours = finite([...summary, ...scratch]);
    const top = Math.max(...ours) + Math.max(Math.max(...ours) - Math.min(...ours), 1);
    const near = Object.values(others).flatMap(finite).map((loss) => Math.min(loss, top));
    return { visible: ours.length > 0, ...focus(ours.length ? [...ours, ...near] : []) };
  }

  /** Move the line through all panels to an increment, counted from 0; null hides it. */
  function mark(/** @type {number|null} */ step) {
    const line = /** @type {HTMLElement} */ (document.querySelector(".chart-cursor"));
    const axis = gmm.plot.element("race-chart")?._fullLayout?.xaxis;
    const x = step === null ? undefined : gmm.race.ends()[step];
    line.hidden = x === undefined || !axis;
    if (!line.hidden) line.style.setProperty("--at", `${axis._offset + axis.c2p(x)}px`);
  }

  /** @returns {any} the axis of steps; it has its final range if their number is known */
  function steps({ run, scale, losses, training }) {
    const type = scale === "log" ? "log" : "linear";
    const ticks = (/** @type {number} */ n) => ({ type, dtick: type === "log" ? null : whole(n - 1) });
    if (!run || run.method !== "adam" || run.status === "cancelled") {
      return { ...ticks(training ? Infinity : losses.length), autorange: true }; // more losses may come
    }
    const range = type === "log" ? [0, Math.log10(Math.max(2, run.epochs))] : [1, run.epochs];
    return { ...ticks(run.epochs), autorange: false, range };
  }

  /** @returns {Figure} the loss after each pass of a run */
  function run(told, /** @type {Figure} */ figure) {
    const y = told.losses;
    const x = y.map((/** @type {number} */ _, /** @type {number} */ index) => index + 1);
    const axes = { xaxis: steps(told), yaxis: focus(y, told.training ? ROOM_BELOW : 0) };
    return filled(figure, [{ x, y, mode: y.length > 1 ? "lines" : "lines+markers" }], axes);
  }

  /** @returns {boolean} whether all losses are inside the axis of a drawn figure */
  function fits(/** @type {Figure} */ figure, /** @type {number[]} */ added) {
    const { range } = figure.layout.yaxis;
    return Boolean(range) && added.every((loss) => range[0] <= loss && loss <= range[1]);
  }

  /** Let Dash make the graphs while nobody waits for an answer: each takes 100 ms. */
  function make(/** @type {string[]} */ [chart, ...later] = ["race-chart", "scratch-loss-chart"]) {
    const { pause, latest } = MAKE_MS;
    gmm.idle.wait(making, () => {
      makeNow(chart);
      if (later.length) make(later);
    }, pause, latest);
  }

  /** Let Dash make a graph at once. */
  function makeNow(/** @type {string} */ chart) {
    if (made.has(chart)) return;
    made.add(chart);
    gmm.set_props("graph", { data: chart });
  }

  /**
   * Hand a chart its data if they are new. Without data it is hidden behind a sentence, null for the
   * usual one, and keeps its lines: Plotly would keep the axes alone, and count them in steps of 1.
   */
  function tell(/** @type {string} */ chart, data, /** @type {string|null} */ sentence = null) {
    const n = (data.losses || data.x).length;
    const text = n ? JSON.stringify(data) : given[chart];
    if (text !== given[chart]) gmm.set_props(chart.replace("-chart", "-told"), { data });
    given[chart] = text;
    const said = n || data.training ? "" : sentence;
    if (said === (sentences[chart] ?? null)) return;
    sentences = { ...sentences, [chart]: said };
    gmm.idle.wait(saying, () => gmm.set_props("sentences", { data: sentences }), 0, SAY_LATEST_MS);
  }

  function tellLosses() {
    liveTimer = 0;
    toldAt = performance.now();
    const training = gmm.state.training();
    const chart = "scratch-loss-chart";
    const model = gmm.state.view?.scratch;
    const of = training ? gmm.state.run : model && gmm.state.course;
    if (!training && model && of?.id !== model.run) {
      gmm.exchange.recall(model.run);
      return;
    }
    if (training) makeNow(chart); // a person waits for it
    const losses = training ? gmm.state.losses : (of?.losses ?? []);
    const waits = training && losses.length === 0;
    if (waits && sentences[chart] === "") return; // until then the run before is shown, as old
    const { id, method, epochs, status } = /** @type {any} */ (of || {});
    tell(chart, { losses, training, run: of && { id, method, epochs, status } }, model ? NO_LOSSES : null);
  }

  /**
   * Hand over the losses of the run under way, or else of the run that the model from scratch comes
   * from; at once or some time after the last ones.
   */
  function schedule() {
    if (liveTimer) return;
    liveTimer = setTimeout(tellLosses, Math.max(0, toldAt + LIVE_EVERY_MS - performance.now()));
  }

  /** @returns {any[]} the graph that is made now, with the data that it was told before */
  function graph(/** @type {string} */ wanted, { graphs }, /** @type {string} */ scale, /** @type {any[]} */ ...told) {
    return Object.keys(graphs).map((chart, index) => {
      if (chart !== wanted) return gmm.no_update;
      const { props } = graphs[chart];
      const data = told[index];
      if (!data) return graphs[chart];
      const figure = data.losses ? showRun(data, scale, props.figure)[0] : showRace(data, props.figure);
      return { ...graphs[chart], props: { ...props, figure } };
    });
  }

  /** @returns {string[]} what each small chart says in place of lines */
  function shownSentences(/** @type {Record<string, string|null>} */ said, { empty }) {
    return Object.keys(empty).map((chart) => said[chart] ?? empty[chart]);
  }

  /** @returns {[any, any]} the figure of the run, or only its new losses where they fit into it */
  function showRun(told, /** @type {string} */ scale, figure) {
    if (!told) return [gmm.no_update, gmm.no_update]; // an axis was chosen before there was a run
    const { losses, training } = told;
    const key = [told.run?.id, scale, training].join();
    const added = losses.slice(drawn.n);
    const grows = drawn.key === key && drawn.n > 1 && losses.length >= drawn.n && fits(figure, added);
    if (grows && added.length === 0) return [gmm.no_update, gmm.no_update];
    const first = drawn.n;
    drawn = { key, n: losses.length };
    if (!grows) return [run({ ...told, scale }, figure), gmm.no_update];
    const x = added.map((/** @type {number} */ _, /** @type {number} */ index) => first + index + 1);
    return [gmm.no_update, [{ x: [x], y: [added] }, [0]]];
  }

  /** @returns {any} the chart over the increments */
  function showRace(told, figure) {
    if (latest === told) return gmm.no_update;
    latest = told;
    return race(told, figure);
  }

  /** @returns {number|null} the increment of a mouse event on the chart, counted from 0 */
  const stepOf = (event) => (event ? event.points[0].pointNumber : null);

  /** The mouse is over the chart: show the place in all panels. */
  const hovered = (event) => mark(stepOf(event) ?? gmm.race.cursor);

  /** The chart was clicked: rewind to that increment. */
  function increment(event) {
    if (event) gmm.rewind.go(stepOf(event));
  }

  gmm.charts = { make, mark, run, schedule, tell };
  Object.assign(gmm.callbacks, { graph, hovered, increment, race: showRace, run: showRun, sentences: shownSentences });
}
