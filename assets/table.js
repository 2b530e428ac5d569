/** The parameters of both models and the response times, as data of tables. */
{
  /** A smaller weight is shown as this, and explained. */
  const SMALL_WEIGHT = 0.001;
  /** Losses that differ by more are of two models. */
  const SAME_NATS = 1e-4;
  /** A component of this share of the highest peak is seen on the plot. */
  const HIGH = 0.05;

  /** @returns {any[]} one entry per component: weight, mean, standard deviation */
  function rows(model) {
    return model.weights.map((/** @type {number} */ weight, /** @type {number} */ k) => ({
      weight,
      mean: model.means[k],
      std: Math.sqrt(model.variances[k]),
    }));
  }

  /** @returns {string} */
  function short(/** @type {string} */ name, /** @type {number} */ value, /** @type {[number, number]} */ axis) {
    const { fixed, number, place } = gmm.words;
    if (name === "weight") return value < SMALL_WEIGHT ? "< 0.001" : fixed(value, 3);
    if (name === "std") return number(value, 3);
    return Math.abs(value) < 100 && axis[1] - axis[0] > 0.5 ? fixed(value, 3) : place(value, axis, 2);
  }

  /** @returns {{head?: string[], body?: string[][]}} a row a component, with its number */
  function parameters(model, /** @type {string} */ title, /** @type {[number, number]} */ axis) {
    if (!model) return {};
    const body = rows(model).map((part, k) => [
      String(k + 1),
      ...["weight", "mean", "std"].map((name) => short(name, part[name], axis)),
    ]);
    return { head: [title, "weight", "mean", "std"], body };
  }

  /** @returns {number[]} the height of each component, up to a factor */
  const peaks = ({ weights, variances }) =>
    weights.map((/** @type {number} */ weight, /** @type {number} */ k) => weight / Math.sqrt(variances[k]));

  /** @returns {string} what a component with almost no weight is */
  function note(view) {
    if (!view || !(view.online || view.scratch)) return "As soon as there is a point, its weight, mean and std are here.";
    const found = [];
    let narrow = false;
    for (const [kind, name] of [["online", "online"], ["scratch", "from scratch"]]) {
      const { weights } = view[kind] || { weights: [] };
      const small = [...weights.keys()].filter((k) => weights[k] < SMALL_WEIGHT);
      if (!small.length) continue;
      const numbers = small.map((k) => k + 1).join(", ");
      found.push(`${name}, component${small.length > 1 ? "s" : ""} ${numbers}`);
      narrow ||= small.some((k) => peaks(view[kind])[k] > HIGH * Math.max(...peaks(view[kind])));
    }
    if (!found.length) return "";
    const why = narrow ? " Where it is narrow it has a peak all the same." : "";
    const named = found.join("; ");
    return `${named[0].toUpperCase()}${named.slice(1)}: a weight below 0.001 stands for almost no point.${why}`;
  }

  /**
   * Whose loss and likelihood a row has. Those of the two models of the plot come with the answer to
   * a click. Where the summary has merged values they are bounds, until the race has measured them.
   */
  function modelOf(/** @type {string} */ name, measured, view) {
    const kind = { summary: "online", scratch: "scratch" }[name];
    if (!kind) return measured;
    const own = view && view[kind];
    const bounds = Boolean(own) && own.exact === false;
    return bounds && measured && !gmm.race.behind() ? measured : own;
  }

  /** @returns {number|null} the loss; of equal points, which have no penalty, the negative log-likelihood */
  const lossOf = (model) => model?.loss ?? model?.mean_nll;

  /** @returns {boolean} whether a model is what the race fits from scratch: EM to convergence */
  const isReference = ({ run, method, converged }) => Boolean(run && method === "em" && converged);

  /**
   * How far a row's model is from that from scratch. The race measures a copy that has learned the
   * increments one by one. After a change of components or memory it may end in another optimum than
   * the model of the session: then the row has what is known of the session's two models, if anything.
   */
  function distances(model, measured, view) {
    if (!model || model !== view?.online) return measured;
    const { scratch, comparison } = view;
    if (comparison?.current && isReference(scratch)) {
      return { tv_to_scratch: comparison.total_variation, gap: comparison.gap };
    }
    const other = measured && Math.abs(lossOf(measured) - lossOf(model)) > SAME_NATS;
    return other && !gmm.race.behind() ? null : measured;
  }

  /**
   * A row of the league table. What the race measures from scratch is of its own fit by EM: it is
   * left out beside another model.
   */
  function league(/** @type {{name: string, measured: any}} */ { name, measured }, view, current) {
    const { nats, percent, ms } = gmm.words;
    const model = modelOf(name, measured, view);
    const other = model?.run && !isReference(model);
    const old = name === "scratch" && model && !current ? " (old)" : "";
    const known = other ? null : measured;
    const apart = other ? null : distances(model, measured, view);
    const reference = name === "scratch";
    return [
      nats(lossOf(model)),
      `${nats(model?.mean_nll)}${old}`,
      reference || !apart ? "\u2013" : percent(apart.tv_to_scratch).replace("less than", "<"),
      reference ? "\u2013" : nats(apart?.gap),
      ms(1e3 * known?.time_s),
      known ? known.n_touched.toLocaleString("en") : "\u2013",
      Number.isFinite(known?.tv_to_truth) ? percent(known.tv_to_truth) : "\u2013",
      nats(known?.held_out_nll),
    ];
  }

  /** Write the figures that have changed into the league table. */
  function fill() {
    const { columns } = gmm.state.settings;
    const view = gmm.state.seen();
    const current = gmm.race.cursor !== null || gmm.state.scratchCurrent();
    for (const row of gmm.race.table()) {
      const texts = league(row, view, current);
      columns.forEach((/** @type {string} */ column, /** @type {number} */ index) => {
        const cell = document.getElementById(`${row.name.replaceAll("_", "-")}-${column}`);
        if (cell && cell.textContent !== texts[index]) cell.textContent = texts[index];
      });
    }
  }

  /** @returns {{head: string[], body: string[][]}} */
  function times(/** @type {Record<string, number[]>} */ timings) {
    const body = Object.entries(timings).map(([name, values]) => [name, ...values.map(gmm.words.ms)]);
    return { head: ["ms", "last", "50 %", "99 %"], body };
  }

  /** @returns {string} the parameters of both models as JSON */
  function json(view) {
    const models = {};
    for (const kind of ["online", "scratch"]) {
      if (view && view[kind]) models[kind] = rows(view[kind]);
    }
    return JSON.stringify(models, null, 2);
  }

  gmm.table = { fill, json, note, parameters, times };
}
