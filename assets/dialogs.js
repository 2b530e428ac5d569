/** Clientside callbacks of the dialogs: what they ask for, and what a person takes from them. */
{
  const OURS = "summary";
  /** After about so many seconds the dialog says how many trainings are done; less takes more requests. */
  const PART_S = 2;

  /** What the dialogs show is of this session, these points and settings. */
  const shown = { selection: "", orders: "" };
  const SETTINGS = ["half_life", "capacity"];

  /** @returns {string} the session, its points and settings, as the page knows them */
  function now(/** @type {string[]} */ ...settings) {
    const { edition, view } = gmm.state;
    return [view?.id, edition, ...settings.map((name) => view?.[name])].join();
  }

  /** @returns {boolean[]} whether each dialog has nothing to show that is of other points or settings */
  const current = () => [
    !shown.selection || shown.selection === now(...SETTINGS),
    !shown.orders || shown.orders === now(...SETTINGS, "n_components"),
  ];

  /** Ask for the criteria, or no longer. */
  const select = (/** @type {boolean} */ opened) => (opened ? now(...SETTINGS) : null);

  /** The dialog shows the criteria of these points. */
  function selected(/** @type {string} */ of) {
    shown.selection = of;
    gmm.show.all();
  }

  /** Ask for the next orders that the results lack; learners come one after the other. */
  function orders(
    /** @type {boolean} */ opened,
    /** @type {string} */ learner,
    /** @type {{of: string, by: any}|null} */ results,
    /** @type {number} */ _presses,
    /** @type {string[]} */ racing,
  ) {
    shown.orders = results?.of || "";
    gmm.show.all();
    if (!opened || !gmm.state.view) return;
    const of = now(...SETTINGS, "n_components");
    const by = results && results.of === of ? results.by : {};
    const next = [learner, OURS, ...racing].find((name) => !(name in by) || by[name].left);
    const n_ends = next in by ? Math.ceil(PART_S / by[next].end_s) : 1;
    if (next) gmm.set_props("orders-task", { data: { of, learner: next, n_ends, axis: gmm.state.shown } });
  }

  /** @returns {any} the chart with the mark at the number of components that was taken */
  function taken() {
    const { triggered, states } = gmm.callback_context;
    const [{ prop_id: by, value }] = triggered;
    const label = states[by.replace("n_clicks", "children")];
    const wanted = value?.points ? value.points[0].x : Number(label);
    if (!Number.isInteger(wanted)) return gmm.no_update;
    gmm.actions.configure({ n_components: wanted });
    const figure = states["selection-chart.figure"];
    const data = figure.data.map((trace) =>
      trace.uid === "selection-now" ? { ...trace, x: [wanted, wanted] } : trace,
    );
    return { ...figure, data };
  }

  gmm.dialogs = {
    current,
    open: () => (gmm.show.missesServer() ? gmm.no_update : true), // to close a closed one asks the server
    openOrders: (/** @type {number} */ _presses, /** @type {string[]} */ racing) => [
      !gmm.show.missesServer(),
      racing[0] || OURS,
    ],
    orders,
    select,
    selected,
    taken,
  };
}
