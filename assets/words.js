/** What the page says, in words a person understands. Pure functions of the state. */
(function (gmm) {
  "use strict";

  const SAME_MASS = 0.00005;
  const SAME_FIT_NATS = 0.0005;

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

  /** @returns {string} a time in milliseconds */
  function ms(/** @type {number|undefined} */ value) {
    if (value === undefined || Number.isNaN(value)) return "–";
    return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`;
  }

  /** @returns {string} a number to read: so many significant digits, no needless exponent */
  function number(/** @type {number} */ value, digits = 4) {
    const size = Math.abs(value);
    const exponent = value !== 0 && (size < 1e-4 || size >= 1e6);
    const text = exponent
      ? value.toExponential(digits - 2)
      : value.toLocaleString("en", { maximumSignificantDigits: digits, useGrouping: false });
    return text.replace("-", "\u2212");
  }

  /** @returns {string} nats a point with a true minus sign */
  function nats(/** @type {number|null|undefined} */ value) {
    if (value === null || value === undefined) return "–";
    return value.toFixed(4).replace("-", "\u2212");
  }

  /** @returns {string} what a gap in log-likelihood, online minus from scratch, means */
  function gap(/** @type {number|null} */ value) {
    if (value === null) return "";
    if (Math.abs(value) < SAME_FIT_NATS) return "Both explain your points equally well.";
    const better = value > 0 ? "The online model" : "From scratch";
    const likelier = percent(Math.exp(Math.abs(value)) - 1);
    return `${better} explains your points better: each is ${likelier} likelier under it.`;
  }

  /** @returns {string} the distance as a sentence */
  function difference(/** @type {number} */ totalVariation) {
    if (totalVariation < SAME_MASS) return "The online density is the same as the batch density.";
    const share = percent(totalVariation);
    return `The online density differs from the batch density by ${share} of its mass.`;
  }

  const HINDRANCES = {
    busy: "The server is busy",
    rate: "The server limits how much you may ask for in a minute",
    store: "The server cannot save",
  };

  /** @returns {[string, string]} why changes wait at a server that is there, and what to do */
  function hindered(/** @type {any} */ state) {
    const n = state.expected.coming.length;
    let waits = "the page tries again by itself";
    if (n) waits = `${count(n, "point")} ${n === 1 ? "waits and is" : "wait and are"} sent again`;
    const { reason, message } = state.hindrance;
    const detail =
      reason === "store"
        ? `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
        : "Go on: nothing is lost while this page stays open.";
    return [`${HINDRANCES[reason]}: ${waits}.`, detail];
  }

  /** @returns {[string, string]} that there is no server, and what becomes of changes */
  function lost(/** @type {any} */ state) {
    const n = state.expected.coming.length;
    const kept = n ? `${count(n, "point")} ${n === 1 ? "waits" : "wait"} here` : "Go on";
    return [
      "The connection to the server is lost.",
      `${kept}: all is sent as soon as it is back.`,
    ];
  }

  /** @returns {[string, string]} the headline and the line below it */
  function headline(/** @type {any} */ state) {
    const { view, run } = state;
    if (state.connection === "lost") return lost(state);
    if (state.connection === "hindered") return hindered(state);
    const comparison = view && view.comparison;
    if (state.training() && run.status === "queued") {
      const place = run.n_before ? `${run.n_before} before it` : "it is the next one";
      return [`Training from scratch is queued: ${place}.`, "Press p again to stop."];
    }
    if (state.training()) {
      const bound = run.method === "adam" ? `of ${run.epochs}` : `of at most ${run.epochs}`;
      return [
        `Training from scratch: pass ${state.losses.length} ${bound}.`,
        "Press p again to stop.",
      ];
    }
    const n = view ? view.n_points : 0;
    if (n === 0) {
      return [
        "Click anywhere to add a point.",
        "Or choose one of the examples and watch it learn.",
      ];
    }
    if (!view.scratch) {
      return [
        `${count(n, "point")} learned online, without looking back.`,
        "Press p to train from scratch, and see how far the two are apart.",
      ];
    }
    if (!comparison) return ["Measuring the difference …", ""];
    if (comparison.current) return [difference(comparison.total_variation), gap(comparison.gap)];
    const seen =
      view.scratch.n_points === n
        ? "has other points or settings"
        : `has seen ${view.scratch.n_points} of ${count(n, "point")}`;
    return [
      `The from-scratch curve is old: it ${seen}.`,
      "Press p to train it on all of them, or switch on “After every change”.",
    ];
  }

  /** @returns {[string, string]} the legend's entries */
  function legend(/** @type {any} */ state) {
    const { view } = state;
    const entry = (
      /** @type {any} */ model,
      /** @type {string} */ name,
      /** @type {string} */ age,
    ) => {
      if (!model || !view.n_points) return name;
      return `${name} · ${count(model.n_points, "point")} · loss ${nats(model.loss)}${age}`;
    };
    return [
      entry(view && view.online, "Online", ""),
      entry(view && view.scratch, "From scratch", state.scratchCurrent() ? "" : " · old"),
    ];
  }

  gmm.words = { count, difference, gap, headline, hindered, legend, ms, nats, number, percent };
})((window.dash_clientside = window.dash_clientside || {}));
