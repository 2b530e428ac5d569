/** One listener for all keys of the page; it ignores typing into a field. */
{
  const byId = (/** @type {string} */ id) => document.getElementById(id);
  const press = (/** @type {string} */ id) => () => byId(id).click();
  /** Act at once: a click would come after a later key that needs no callback. */
  const act = (/** @type {string} */ id) => () => gmm.actions.press(id);
  /** The same where the session can; its button is told so somewhat later. */
  const back = (/** @type {string} */ id) => () => {
    const { view, outbox } = gmm.state;
    if (view?.[`can_${id}`] || outbox.busy) gmm.actions.press(id);
  };
  const pick = (/** @type {string} */ id, /** @type {string} */ value) => () =>
    /** @type {HTMLElement} */ (byId(id).querySelector(`input[value="${value}"]`)).click();
  const other = (/** @type {string} */ id) => () =>
    /** @type {HTMLElement} */ (byId(id).querySelector("input:not(:checked)")).click();
  const slide = (/** @type {string} */ id, /** @type {string} */ key) => () =>
    byId(id).querySelector("[role=slider]").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));

  /** Whether a dialog was open as a key went down: Escape closes it before our listeners are asked. */
  let inDialog = false;
  /** Whether a key has moved the focus, and no mouse since: Space then presses what has it. */
  let tabbed = true;
  window.addEventListener("keydown", ({ key }) => {
    inDialog = document.querySelector("[role=dialog]") !== null;
    tabbed ||= key === "Tab";
  }, true);
  window.addEventListener("pointerdown", () => (tabbed = false), true);

  function nextExample() {
    const buttons = [...document.querySelectorAll(".examples button")];
    const last = buttons.findIndex(({ id }) => id === gmm.actions.played());
    act(buttons[(last + 1) % buttons.length].id)();
  }

  function forgetFaster() {
    const { half_life: now } = gmm.snapshot.settings(); // the API may have set one between two steps
    const faster = gmm.state.settings.half_lives.find((/** @type {number} */ step) => step && step < (now ?? Infinity));
    gmm.actions.configure({ half_life: faster ?? null });
  }

  function components(/** @type {number} */ wanted) {
    const { n_components: now } = gmm.snapshot.settings(); // the API may have set more than the page
    const { max_components: most } = gmm.state.settings;
    if (wanted > Math.max(now, most)) gmm.show.tell(`Keys and slider add components up to ${most}.`);
    else gmm.actions.configure({ n_components: Math.max(1, wanted) });
  }

  const more = (/** @type {number} */ step) => () =>
    components(gmm.snapshot.settings().n_components + step);

  /** @type {Record<string, () => void>} */
  const KEYS = {
    p: act("train"),
    c: act("clear"),
    u: back("undo"),
    r: back("redo"),
    t: press("theme"),
    k: press("selection-open"),
    y: press("copy-parameters"),
    w: () => gmm.rewind.toggle(),
    "?": press("help-open"),
    o: pick("mode", "online"),
    s: pick("mode", "scratch"),
    b: pick("mode", "both"),
    a: press("auto"),
    e: other("method"),
    l: other("scale"),
    x: () => gmm.cursor.focus(),
    g: () => byId("axis-low").focus(),
    d: nextExample,
    m: forgetFaster,
    "]": slide("epochs", "ArrowRight"),
    "[": slide("epochs", "ArrowLeft"),
    "+": more(1),
    "-": more(-1),
  };
  for (let k = 1; k <= 9; k += 1) KEYS[String(k)] = () => components(k);
  /** Keys that act while an example plays. @type {Record<string, () => void>} */
  const PLAYING = { " ": act("pause"), Escape: act("stop") };
  /** Keys that act while the past is shown. @type {Record<string, () => void>} */
  const REWOUND = {
    " ": () => gmm.rewind.play(),
    ArrowLeft: () => gmm.rewind.step(-1),
    ArrowRight: () => gmm.rewind.step(1),
    Home: () => gmm.rewind.go(0),
    End: () => gmm.rewind.go(Infinity),
    Escape: () => gmm.rewind.close(),
  };

  /** @returns {boolean} whether the key belongs to the element that has the focus */
  const typing = (/** @type {Element} */ focused) => focused.matches("input:not([type=radio], [type=checkbox])");

  /** @returns {string|null} the key's name in KEYS; includes the usual chords of undo and redo */
  function name(/** @type {KeyboardEvent} */ event) {
    if (event.altKey) return null;
    if (event.ctrlKey || event.metaKey) {
      const key = event.key.toLowerCase();
      if (key === "z") return event.shiftKey ? "r" : "u";
      return key === "y" ? "r" : null;
    }
    return event.key.length === 1 ? event.key.toLowerCase() : event.key;
  }

  /** @returns {(() => void)|undefined} */
  function action(/** @type {KeyboardEvent} */ event) {
    const key = name(event);
    const focused = /** @type {Element} */ (event.target);
    if (key === null || event.repeat || inDialog || typing(focused)) return undefined;
    if (key === " " && tabbed && focused.closest("button, input, summary, [role=slider]")) return undefined;
    if (gmm.race.cursor !== null && REWOUND[key]) {
      return key !== "Escape" && focused.closest("[role=slider], [role=radiogroup]") ? undefined : REWOUND[key];
    }
    return (gmm.actions.plays() && PLAYING[key]) || KEYS[key];
  }

  function listen() {
    document.addEventListener("keydown", (event) => {
      const wanted = action(event);
      if (!wanted) return;
      event.preventDefault();
      wanted();
    });
  }

  gmm.keyboard = { inDialog: () => inDialog, listen };
}
