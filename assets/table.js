/** The parameters of both models and the response times, as tables. */
(function (gmm) {
  "use strict";

  const COLUMNS = ["weight", "mean", "std"];
  const NAMES = { online: "Online", scratch: "From scratch" };

  /** @returns {HTMLElement} */
  function cell(
    /** @type {"td"|"th"} */ tag,
    /** @type {string} */ text,
    /** @type {any} */ settings,
  ) {
    return Object.assign(document.createElement(tag), { textContent: text, ...settings });
  }

  function row(/** @type {HTMLElement[]} */ ...cells) {
    const tr = document.createElement("tr");
    tr.append(...cells);
    return tr;
  }

  /** @returns {HTMLTableElement} */
  function table(/** @type {HTMLElement[]} */ head, /** @type {HTMLElement[]} */ body) {
    const made = document.createElement("table");
    made.createTHead().append(...head);
    made.createTBody().append(...body);
    return made;
  }

  /** @returns {any[]} one entry per component: weight, mean, standard deviation */
  function rows(/** @type {any} */ model) {
    return model.weights.map((/** @type {number} */ weight, /** @type {number} */ k) => ({
      weight,
      mean: model.means[k],
      std: Math.sqrt(model.variances[k]),
    }));
  }

  /** @returns {string} */
  function short(/** @type {string} */ name, /** @type {number} */ value) {
    if (name === "weight") return value.toFixed(3);
    const small =
      Math.abs(value) < 1000 && name === "mean" && gmm.state.shown[1] - gmm.state.shown[0] > 0.5;
    return small ? value.toFixed(3).replace("-", "\u2212") : gmm.words.number(value, 3);
  }

  function drawParameters(/** @type {any} */ view) {
    const place = document.getElementById("parameters");
    const kinds = ["online", "scratch"].filter((kind) => view && view[kind]);
    if (kinds.length === 0) {
      place.textContent = "As soon as there is a point, its weights, means and widths are here.";
      return;
    }
    const parts = kinds.map((kind) => rows(view[kind]));
    const top = kinds.map((kind) =>
      cell("th", NAMES[kind], { colSpan: 3, className: kind, scope: "colgroup" }),
    );
    const names = kinds.flatMap(() => COLUMNS.map((name) => cell("th", name, { scope: "col" })));
    const length = Math.max(...parts.map((part) => part.length));
    const body = Array.from({ length }, (_, k) => {
      const values = parts.flatMap((part, index) =>
        COLUMNS.map((name) => {
          return cell("td", part[k] ? short(name, part[k][name]) : "", { className: kinds[index] });
        }),
      );
      return row(cell("th", String(k + 1), { scope: "row" }), ...values);
    });
    const head = [row(cell("td", "", {}), ...top), row(cell("td", "", {}), ...names)];
    place.replaceChildren(table(head, body));
  }

  function drawTimes(/** @type {Record<string, number[]>} */ timings) {
    const head = row(
      cell("td", "", {}),
      ...["last", "median", "p99"].map((name) => cell("th", name, { scope: "col" })),
    );
    const body = Object.entries(timings).map(([name, values]) =>
      row(
        cell("th", name, { scope: "row" }),
        ...[
          values[values.length - 1],
          gmm.timing.quantile(values, 0.5),
          gmm.timing.quantile(values, 0.99),
        ].map((value) => cell("td", gmm.words.ms(value), {})),
      ),
    );
    document.getElementById("response-times").replaceChildren(table([head], body));
  }

  /** Copy the parameters to the clipboard; show a message if the browser forbids it. */
  async function copy(/** @type {any} */ view) {
    const models = {};
    for (const kind of ["online", "scratch"]) {
      if (view && view[kind]) models[kind] = rows(view[kind]);
    }
    try {
      await navigator.clipboard.writeText(JSON.stringify(models, null, 2));
      gmm.show.announce("Parameters copied.");
    } catch (error) {
      gmm.show.announce(`The browser does not let this page copy: ${error.message}`);
    }
  }

  gmm.table = { copy, drawParameters, drawTimes };
})((window.dash_clientside = window.dash_clientside || {}));
