/** Clientside callbacks of the dialogs: what they ask for, and what a person takes from them. */
{
  const OURS = "summary";

  /** Ask for the next learner that the results lack; they come one after the other. */
  function orders(
    /** @type {boolean} */ opened,
    /** @type {string} */ learner,
    /** @type {{of: string, by: any}|null} */ results,
    /** @type {string[]|null} */ racing,
  ) {
    const { view, shown } = gmm.state;
    if (!opened || !view) return;
    const of = [view.id, view.revision].join();
    const by = results && results.of === of ? results.by : {};
    const next = [learner, OURS, ...(racing || [])].find((name) => !(name in by));
    if (next) gmm.set_props("orders-task", { data: { of, learner: next, axis: shown } });
  }

  /** @returns {any} the chart with the mark at the number of components that was taken */
  function taken(clicked, /** @type {any[]} */ ...others) {
    const n = (others.length - 1) / 2;
    const figure = others[n];
    const labels = others.slice(n + 1);
    const [{ prop_id: by }] = gmm.callback_context.triggered;
    const names = Object.keys(gmm.callback_context.inputs).slice(1);
    const pressed = names.indexOf(by);
    const wanted = pressed < 0 ? clicked && clicked.points[0].x : Number(labels[pressed]);
    if (!Number.isInteger(wanted)) return gmm.no_update;
    gmm.actions.configure({ n_components: wanted });
    const data = figure.data.map((trace) =>
      trace.uid === "selection-now" ? { ...trace, x: [wanted, wanted] } : trace,
    );
    return { ...figure, data };
  }

  gmm.dialogs = {
    open: () => !gmm.show.missesServer(),
    openOrders: (/** @type {number} */ _presses, /** @type {string[]|null} */ racing) => [
      !gmm.show.missesServer(),
      (racing || [])[0] || OURS,
    ],
    orders,
    taken,
  };
}
