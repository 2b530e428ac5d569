/** The rewind: shows what each learner had after an earlier increment. The session stays as it is. */
{
  const STEP_MS = 400;
  let playTimer = 0;
  let speed = 1;
  /** @type {number[]|null} the points of a click that waits for an answer to "from where?" */
  let waiting = null;
  /** The removal of the later points after which a point is added. */
  let branching = { key: "", x: 0 };

  const last = () => gmm.race.steps() - 1;

  /** @returns {any} the session as it was at the cursor; null while the present is shown */
  function view() {
    const { cursor } = gmm.race;
    const online = cursor === null ? null : gmm.race.at("summary");
    const scratch = gmm.race.at("scratch");
    if (!online || !scratch || !gmm.state.view) return null; // or the session is left
    return {
      ...gmm.state.view,
      n_points: online.n_points,
      online: model(online),
      scratch: model(scratch),
      comparison: { total_variation: online.tv_to_scratch },
    };
  }

  const model = (/** @type {Racer} */ record) => ({ ...record, number: `${record.learner} ${record.step}` });

  /** Show the state after an increment, counted from 0. */
  function go(/** @type {number} */ step) {
    if (last() < 0) {
      gmm.show.tell(gmm.race.refusal || "There is nothing to rewind yet.");
      return;
    }
    const to = Math.max(0, Math.min(last(), step));
    if (to === gmm.race.cursor) return;
    gmm.race.cursor = to;
    tell();
  }

  /** Open it at the last increment, or close it. */
  function toggle() {
    if (gmm.race.cursor === null) go(last());
    else close();
  }

  /** Show the present again; `isComing` if the page has yet to be told what the present is. */
  function close(isComing = false) {
    if (gmm.race.cursor === null) return;
    pause();
    gmm.race.cursor = null;
    if (waiting && document.getElementById("branch-text")) {
      answer("cancel");
      gmm.show.tell("The past that was shown has changed. The point was not added.");
    }
    tell(isComing);
  }

  function tell(isQuiet = playTimer !== 0) {
    if (!isQuiet) gmm.show.announce();
    gmm.show.all();
    gmm.charts.mark(gmm.race.cursor);
  }

  const step = (/** @type {number} */ by) => {
    pause();
    go(gmm.race.cursor + by);
  };

  function play() {
    if (playTimer) {
      pause();
      return;
    }
    if (gmm.race.cursor === last()) go(0);
    const next = () => {
      go(gmm.race.cursor + 1);
      playTimer = gmm.race.cursor < last() ? setTimeout(next, STEP_MS / speed) : 0;
      if (!playTimer) gmm.show.all();
    };
    playTimer = setTimeout(next, STEP_MS / speed);
    gmm.show.all();
  }

  function pause() {
    clearTimeout(playTimer);
    playTimer = 0;
  }

  const playing = () => playTimer !== 0;

  function setSpeed(/** @type {number} */ times) {
    speed = times;
  }

  /** Ask from where a click goes on. @returns {boolean} whether the past is shown */
  function asks(command) {
    if (gmm.race.cursor === null) return false;
    pause();
    if (command.kind !== "add") {
      close();
      return false;
    }
    waiting = command.x;
    gmm.set_props("branch", { opened: true });
    return true;
  }

  /** Go on from the increment that is shown, or at the end. */
  function answer(/** @type {"here"|"end"|"cancel"} */ from) {
    const x = waiting;
    const { n_points: n } = view() || {};
    waiting = null;
    gmm.set_props("branch", { opened: false });
    if (!x || from === "cancel") return;
    const back = from === "here" && n < gmm.state.view.n_points;
    close();
    if (!back) {
      gmm.actions.add(x[0]);
      return;
    }
    branching = { key: gmm.outbox.newKey(), x: x[0] };
    gmm.state.outbox.push({ kind: "keep", key: branching.key, n_points: n });
    gmm.show.all();
  }

  /** A command is done: after the removal of the later points, the point is added. */
  function done(/** @type {string} */ key) {
    if (key === branching.key) gmm.actions.add(branching.x);
  }

  gmm.rewind = { answer, asks, close, done, go, play, playing, setSpeed, step, toggle, view };
}
