/**
 * The requests of the hot path, as plain JSON: dash_app/ui/exchange.py says why they are no callbacks
 * of Dash.
 */
{
  const HEALTH_DEADLINE_MS = 2000;

  /**
   * Send a request. A refusal is an answer: with `again` where it passes by itself, else `error`.
   * Without an answer, or with one that is not the application's, the promise is rejected.
   */
  async function post(/** @type {string} */ what, body) {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`page/${what}`, { method: "POST", headers, body: JSON.stringify(body) });
    const json = await answer.json();
    if (answer.ok) return json;
    const { message, field } = json.error;
    const seconds = Number(answer.headers.get("Retry-After"));
    return seconds
      ? { again: { reason: "busy", message, after_ms: 1000 * seconds } }
      : { error: { message, field } };
  }

  /** A lost request is nobody's error: the page sends it again when its answer is overdue. */
  const lost = () => undefined;

  /** Send a command; the outbox sends it again if no answer comes. */
  function perform(/** @type {Command} */ command) {
    const sent = post("perform", { session: gmm.state.view.id, value: command });
    sent.then((answer) => gmm.answers.answered({ key: command.key, ...answer }), lost);
  }

  /** Ask how far a run from scratch is, or stop it. */
  function follow(/** @type {string} */ run, stop = false) {
    const { view } = gmm.state;
    if (!view) return; // the session is left
    const asked = { run, stop };
    post("follow", { session: view.id, value: asked }).then((answer) => {
      if (gmm.state.view?.id === view.id) gmm.answers.followed({ asked, ...answer });
    }, lost);
  }

  /** Ask for the losses of an earlier run, which an imported session does not have. */
  function recall(/** @type {string} */ run) {
    const value = { run, stop: false };
    post("follow", { session: gmm.state.view.id, value }).then((answer) => {
      if (!answer.again) gmm.state.course = answer.run || { id: run };
      setTimeout(gmm.charts.schedule, answer.again ? answer.again.after_ms : 0);
    }, lost);
  }

  /** Ask for a whole session; null asks for a new one. */
  function look(/** @type {string|null} */ id) {
    post("look", { id }).then((answer) => answer.error || gmm.answers.seen(answer), lost);
  }

  /** @returns {Promise<boolean|Hindrance>} why no answer comes; false: no server; true: all is well */
  async function health() {
    try {
      const signal = AbortSignal.timeout(HEALTH_DEADLINE_MS);
      const answer = await fetch("healthz", { cache: "no-store", signal });
      if (answer.ok) return true;
      const { error } = await answer.json();
      return {
        reason: error.code === "store_unavailable" ? "store" : "busy",
        message: error.message,
      };
    } catch {
      return false;
    }
  }

  /** Ask the server how it is, and show what hinders it while `isDue`; `awaited` is an answer. */
  async function examine(/** @type {() => boolean} */ isDue, awaited = true) {
    const found = await health();
    if (!isDue()) return;
    if (found === false) gmm.show.connection("lost");
    else if (found !== true) gmm.show.connection("hindered", found);
    else if (awaited) gmm.show.connection("hindered", { reason: "busy", message: "" });
  }

  gmm.exchange = { examine, follow, look, perform, recall };
}
