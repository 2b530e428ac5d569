/** What the page says, in words a person understands. Pure functions of a snapshot. */
{
  const SAME_MASS = 0.00005;
  const SAME_FIT_NATS = 0.0005;
  /** Smaller differences are not called different optima. */
  const VISIBLE_MASS = 0.005;

  /** @returns {string} "1 point", "2 points" */
  function count(/** @type {number} */ n, /** @type {string} */ noun) {
    return `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;
  }

  /** @returns {string} a share as a percentage with two digits that count */
  function percent(/** @type {number} */ share) {
    const value = 100 * share;
    if (value !== 0 && Math.abs(value) < 0.01) return "less than 0.01 %";
    return `${value >= 10 ? value.toFixed(0) : Number(value.toPrecision(2))} %`;
  }

  /** @returns {string} a time in milliseconds, without its unit */
  function ms(/** @type {number|null|undefined} */ value) {
    if (value === undefined || value === null || Number.isNaN(value)) return "–";
    return value < 10 ? value.toFixed(1) : value.toFixed(0);
  }

  /** @returns {string} a number to read: so many significant digits, no needless exponent */
  function number(/** @type {number} */ value, digits = 4) {
    const size = Math.abs(value);
    const exponent = value !== 0 && (size < 1e-4 || size >= 10 ** Math.max(6, digits - 1));
    const text = exponent
      ? value.toExponential(digits - 2).replace("e+", "e")
      : (value + 0).toLocaleString("en", { maximumSignificantDigits: digits, useGrouping: false });
    return text.replace("-", "\u2212"); // + 0: no sign of a zero
  }

  /** @returns {string} a number with so many decimals, a true minus sign, and no sign of a zero */
  function fixed(/** @type {number} */ value, /** @type {number} */ decimals) {
    return value.toFixed(decimals).replace(/^-(?=[0.]*$)/, "").replace("-", "\u2212");
  }

  /** @returns {string} a position on an axis, with as many digits as tell its places apart */
  function place(/** @type {number} */ x, /** @type {[number, number]} */ [low, high], digits = 4) {
    const finer = Math.max(Math.abs(low), Math.abs(high)) / (high - low);
    const more = Math.max(0, Math.ceil(Math.log10(finer)));
    return number(x, Math.max(3, Math.min(17, digits + more)));
  }

  /** @returns {string} nats a point: five digits that count, at most four decimals, or an exponent; so a column has room */
  function nats(/** @type {number|null|undefined} */ value) {
    if (value === null || value === undefined) return "–";
    const power = Math.floor(Math.log10(Math.max(1, Math.abs(value))));
    if (power > 5) return number(value, 5 - String(power).length);
    return fixed(value, Math.max(0, 4 - power));
  }

  /** @returns {string} the distance as a sentence */
  function difference(/** @type {number} */ totalVariation) {
    if (totalVariation < SAME_MASS) return "Online and from scratch are the same density.";
    return `Online and from scratch differ by ${percent(totalVariation)} of the mass.`;
  }

  /** @returns {string} which model fits better, and by how much; nothing where that is not known */
  function gap(/** @type {number|null} */ value) {
    if (value === null) return "";
    if (Math.abs(value) < SAME_FIT_NATS) return "Both fit your points equally well.";
    const better = value > 0 ? "Online" : "From scratch";
    return `${better} fits better, by ${number(Math.abs(value), 2)} nats a point.`;
  }

  /** @returns {string} why two models differ that saw the same points, with the same settings */
  function cause(/** @type {Snapshot} */ { view, settings }) {
    const { total_variation: apart, cause: named } = view.comparison;
    const adam = view.scratch.method === "adam";
    if (named === "optimiser") return `${adam ? "Adam" : "EM"} has not converged.`;
    if (apart < SAME_MASS) return "";
    const ended = adam ? "Adam and the search ended apart" : "the two searches ended in different optima";
    if (!view.online.exact) {
      return `The cause is the summary (at most ${count(settings.capacity, "atom")}), or that ${ended}.`;
    }
    return apart < VISIBLE_MASS ? "" : `The summary has merged no values; ${ended}.`;
  }

  const HINDRANCES = {
    busy: "The server is busy",
    rate: "The server limits how much you may ask for in a minute",
    store: "The server cannot save",
  };

  /** @returns {[string, string]} why changes wait at a server that is there, and what to do */
  function hindered(/** @type {Snapshot} */ { coming, hindrance }) {
    let waits = "the page tries again by itself";
    if (coming) {
      waits = `${count(coming, "point")} ${coming === 1 ? "waits and is" : "wait and are"} sent again`;
    }
    const { reason, message } = hindrance;
    const detail =
      reason === "store"
        ? `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
        : "Go on: nothing is lost while this page stays open.";
    return [`${HINDRANCES[reason]}: ${waits}.`, detail];
  }

  /** @returns {[string, string]} that there is no server, and what becomes of changes */
  function lost(/** @type {Snapshot} */ { coming }) {
    const kept = coming ? `${count(coming, "point")} ${coming === 1 ? "waits" : "wait"} here` : "Go on";
    return [
      "The connection to the server is lost.",
      `${kept}: all is sent as soon as it is back.`,
    ];
  }

  /** @returns {[string, string]} how far the training from scratch is */
  function training(/** @type {Snapshot} */ { run, pass }) {
    if (run.status === "queued") {
      const place = run.n_before ? `${run.n_before} before it` : "it is the next one";
      return [`Training from scratch is queued: ${place}.`, "Press p again to stop."];
    }
    const [noun, bound] = run.method === "adam" ? ["pass", "of"] : ["step", "of at most"];
    return [`Training from scratch: ${noun} ${pass} ${bound} ${run.epochs}.`, "Press p again to stop."];
  }

  /** @returns {[string, string]} that the model from scratch is of other points or settings */
  function old(view) {
    const seen = view.scratch.n_points;
    let why = "has other points or settings";
    if (view.comparison.cause === "settings") why = "was trained with other settings";
    else if (seen !== view.n_points) why = `has seen ${count(seen, "point")}, now there are ${view.n_points.toLocaleString("en")}`;
    else if (view.comparison.cause === "points") why = "has seen other points";
    return [`From scratch is old: it ${why}.`, "Press p to train it again."];
  }

  /** @returns {string} how far the example is, in points */
  function progress({ name, done, total }) {
    const [now, end] = [done, total].map((n) => n.toLocaleString("en"));
    return `${gmm.state.settings.examples[name].label}: ${now} of ${end}`;
  }

  /** @returns {[string, string]} how much of the past is shown */
  function rewound(/** @type {Snapshot} */ { view, all }) {
    const first = view.n_points.toLocaleString("en");
    return [`Rewound to ${first} of ${count(all, "point")}.`, difference(view.comparison.total_variation)];
  }

  /** @returns {[string, string]} the headline and the line below it */
  function headline(/** @type {Snapshot} */ snapshot) {
    const { view } = snapshot;
    if (snapshot.connection === "lost") return lost(snapshot);
    if (snapshot.connection === "hindered") return hindered(snapshot);
    if (snapshot.step !== null) return rewound(snapshot);
    if (snapshot.training) return training(snapshot);
    if (snapshot.starts) return ["An example starts.", "Space pauses it, Escape stops it."];
    if (!view || view.n_points === 0) {
      const seen = view && view.scratch && count(view.scratch.n_points, "point");
      return [
        "Click anywhere to add a point.",
        seen ? `From scratch is old: it has seen ${seen}.` : "Or choose one of the examples and watch it learn.",
      ];
    }
    if (!view.scratch) {
      return [
        `${count(view.n_points, "point")} learned online.`,
        "Press p to train from scratch, and see how far the two are apart.",
      ];
    }
    if (!view.comparison) return ["Measuring the difference …", ""];
    if (!snapshot.current) return old(view);
    const { total_variation: apart, gap: better } = view.comparison;
    return [difference(apart), `${gap(better)} ${cause(snapshot)}`.trim()];
  }

  gmm.words = { count, fixed, headline, hindered, ms, nats, number, percent, place, progress };
}
