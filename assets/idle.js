/** Idle time: postpones work that can wait while an answer is on its way. */
{
  /** Whether an answer has just been shown and its frame is not drawn yet. */
  const FRAME_MS = 20;
  /** Tasks are so far apart; what two of them change would be drawn as one long task. */
  const APART_MS = 60;
  /** When the last task has run. */
  let ran = -Infinity;

  /**
   * Run a task when nobody has requested it for `pauseMs`. After `latestMs` of requests without a
   * pause, the next request runs it. An awaited answer, the density of an added learner or the first
   * loss of a training postpones both, by `latestMs` at most.
   *
   * @param {{timer: number, since: number}} waiting the task's timer and first request; 0 for none
   */
  function wait(
    waiting,
    /** @type {() => void} */ run,
    /** @type {number} */ pauseMs,
    /** @type {number} */ latestMs,
  ) {
    clearTimeout(waiting.timer);
    waiting.since = waiting.since || performance.now();
    const waited = () => performance.now() - waiting.since;
    const overdue = waited() >= latestMs;
    const due = () => {
      const { outbox, losses, training } = gmm.state;
      const answers = outbox.busy || gmm.race.awaited() || (training() && losses.length === 0);
      const awaits = answers || gmm.plot.awaited();
      const apart = performance.now() - ran;
      if (apart < APART_MS) {
        waiting.timer = setTimeout(due, APART_MS - apart);
      } else if (awaits && !overdue && waited() < 2 * latestMs) {
        waiting.timer = setTimeout(due, pauseMs);
      } else {
        stop(waiting);
        ran = performance.now();
        run();
      }
    };
    waiting.timer = setTimeout(due, overdue ? FRAME_MS : pauseMs);
  }

  function stop(/** @type {{timer: number, since: number}} */ waiting) {
    clearTimeout(waiting.timer);
    waiting.since = 0;
  }

  gmm.idle = { stop, wait };
}
