/** What the server says, and what follows from it. */
{
  const LOOK_AGAIN_MS = 5000;
  const DEPART_AGAIN_MS = 30;
  let lookTimer = 0;
  /** How often the question was asked in vain; the next one waits longer, a session may be long. */
  let looks = 0;
  let departTimer = 0;
  /** @type {{id: string|null, then: () => void}|null} the session that the page goes to */
  let entering = null;

  /** @returns {string|null} the session that the address names, so that a reload or a second tab finds it */
  const addressed = () => new URLSearchParams(window.location.search).get("s");

  /** Let the address name the session; during the story it keeps naming the person's own. */
  function address(/** @type {string} */ id) {
    if (gmm.story.isTold() || addressed() === id) return;
    window.history.replaceState(null, "", `${window.location.pathname}?s=${id}`);
  }

  /** Ask for the whole session: at the start, after a gap, when somebody else has changed it. */
  function look() {
    if (lookTimer) return; // a second question could make a second session
    const { state } = gmm;
    const next = entering ? entering.id : addressed();
    const id = state.view ? state.view.id : next;
    gmm.exchange.look(id);
    lookTimer = setTimeout(() => {
      lookTimer = 0;
      looks += 1;
      look();
      gmm.exchange.examine(() => lookTimer !== 0);
    }, LOOK_AGAIN_MS * 2 ** Math.min(looks, 4));
  }

  /**
   * Go to another session, null to a new one, as soon as all is sent and answered; `then` is called
   * there. A later call replaces an earlier one.
   */
  function enter(/** @type {string|null} */ id, /** @type {() => void} */ then) {
    entering = { id, then };
    depart();
  }

  function depart() {
    const { state } = gmm;
    clearTimeout(departTimer);
    if (!entering) return;
    if (state.outbox.busy || lookTimer) {
      departTimer = setTimeout(depart, DEPART_AGAIN_MS);
      return;
    }
    state.outbox.hold();
    state.reset();
    state.replace({ points: [] });
    state.view = null;
    gmm.race.follow(); // closes the stream of the session that is left
    look();
  }

  /** @returns {boolean} whether a question for the whole session is on its way */
  const looking = () => lookTimer !== 0;

  /** The answer to a command has not come in time. */
  function overdue() {
    const { outbox } = gmm.state;
    const late = outbox.inFlight;
    gmm.exchange.examine(() => outbox.inFlight === late);
  }

  /** Do not wait any longer for an answer: its time has come, or it was lost with the connection. */
  function lookAgain() {
    if (!lookTimer) return;
    clearTimeout(lookTimer);
    lookTimer = 0;
    look();
  }

  /** The whole session has come; or a new one, where the old one does not exist any more. */
  function seen(answer) {
    const { state } = gmm;
    clearTimeout(lookTimer);
    lookTimer = 0;
    looks = 0;
    if (answer.again) {
      lookTimer = setTimeout(lookAgain, answer.again.after_ms);
      gmm.show.connection("hindered", answer.again);
      return;
    }
    if (state.view && answer.asked !== state.view.id) return; // about a session that is left
    if (entering && (state.view || answer.asked !== entering.id)) {
      depart(); // an answer that was on its way when the page was sent elsewhere
      return;
    }
    const { then } = entering || {};
    entering = null;
    const lost = Boolean(state.view && state.view.id !== answer.view.id);
    if (lost) {
      const sentAgain = state.binned
        ? "This page had a histogram of its points only: this is a new session."
        : "Its settings and points are sent again.";
      const { n_components, half_life, capacity } = state.view;
      state.outbox.restart({ n_components, half_life, capacity }, state.points);
      state.view = null;
      gmm.show.tell(`The server does not have this session any more. ${sentAgain}`, "red");
    } else if (answer.asked && answer.asked !== answer.view.id) {
      gmm.show.tell("The session of this address does not exist. This is a new one.", "red");
    }
    address(answer.view.id);
    if (!state.view) gmm.set_props("session", { data: answer.view.id });
    const before = state.view;
    if (state.receive(answer.view) || state.known() !== state.view.n_points) {
      state.replace(answer);
    }
    if (before) announceChange(before);
    if (state.connection === "lost" || !state.outbox.inFlight) gmm.show.connection("live");
    gmm.stream.open(state.view.id);
    gmm.race.follow();
    state.outbox.release();
    gmm.charts.schedule();
    gmm.show.all();
    if (then) then();
  }

  /**
   * Somebody else has changed the session: apply the changes of points that this page lacks.
   * @returns {boolean} whether they suffice; else the page has to look
   */
  function told(news) {
    const { state } = gmm;
    const { since, changes, ...view } = news;
    const before = state.view;
    const { revision, online } = before;
    if (!changes || since > revision) return false;
    const lacking = changes.filter((each) => each.revision > revision);
    state.receive(view);
    for (const { kind, x } of lacking) state.change({ kind, x });
    state.timeOnline(online);
    announceChange(before);
    gmm.actions.trainSoon();
    gmm.show.all();
    return state.known() === view.n_points;
  }

  /** Say what somebody else has changed; a training tells its end by itself. */
  function announceChange(/** @type {View} */ before) {
    const { view } = gmm.state;
    if (view.playing?.status === "playing") return;
    const hasEnded = before.playing && !view.playing;
    if (hasEnded || view.n_points !== before.n_points) gmm.show.announce(points());
    else if (["n_components", "half_life", "capacity"].some((name) => view[name] !== before[name])) {
      gmm.show.announce();
    }
  }

  /** The answer to a command. */
  function answered(answer) {
    const { state } = gmm;
    if (answer.gone) {
      state.outbox.hold();
      look();
      return;
    }
    if (answer.again) {
      const waits = state.outbox.defer(answer.key, answer.again.after_ms);
      if (waits) gmm.show.connection("hindered", answer.again);
      return;
    }
    if (answer.view && answer.view.id !== state.view?.id) return; // of a session that is left
    const command = state.outbox.acknowledge(answer.key);
    if (!command) return; // an earlier attempt of a command that is done
    gmm.show.connection("live");
    state.time("round trip", performance.now() - state.outbox.sentAt);
    if (answer.error) refused(answer.error);
    else if (command.kind === "train") followed(answer);
    else applied(command, answer);
    state.outbox.next();
    gmm.show.all();
    gmm.plot.now();
  }

  function refused(/** @type {{message: string, field: string|null}} */ error) {
    gmm.show.problem(error.message, error.field);
    gmm.show.announce(error.message);
    look(); // the controls and points go back to what the session has
  }

  /** @returns {string} what screen readers hear after a change */
  const points = () => `${gmm.words.count(gmm.state.view.n_points, "point")}.`;

  /** The server has done what the command asked for. */
  function applied(command, answer) {
    const { state } = gmm;
    gmm.show.problem("");
    const before = state.view.online;
    if (state.receive(answer.view)) {
      if (answer.points === undefined) state.change(command);
      else state.replace(answer);
      state.timeOnline(before);
    }
    gmm.rewind.done(command.key);
    if (state.known() !== state.view.n_points) look();
    gmm.show.announce(points());
    gmm.actions.trainSoon();
  }

  /** A run from scratch has begun, ended, or been asked after. */
  function followed(answer) {
    const { state } = gmm;
    if (answer.again) {
      const { run, stop } = answer.asked;
      setTimeout(() => gmm.exchange.follow(run, stop), answer.again.after_ms);
      gmm.show.connection("hindered", answer.again);
      return;
    }
    if (!state.outbox.busy) gmm.show.connection("live");
    if (answer.error) {
      refused(answer.error);
      return;
    }
    const ended = state.follow(answer.run);
    if (answer.view) {
      const before = state.view.online;
      state.receive(answer.view);
      state.timeOnline(before);
    }
    if (ended) runEnded(answer.run);
    gmm.charts.schedule();
    gmm.show.all();
  }

  function runEnded(run) {
    if (run.status === "failed") {
      gmm.show.problem(`Training from scratch failed: ${run.error}`, "method");
    } else if (run.status === "done") {
      gmm.state.time("from scratch", 1e3 * run.model.time_s);
    }
    const words = { done: "is done", failed: "failed", cancelled: "was stopped" };
    gmm.show.announce(`Training from scratch ${words[run.status]}.`);
    gmm.actions.trainSoon();
  }

  gmm.answers = { enter, looking, answered, followed, look, lookAgain, overdue, seen, told };
}
