/** Idle time: work that can wait does not run while an answer is on its way. */
(function (gmm) {
  "use strict";

  /** An answer has just been shown: until its frame is drawn. */
  const FRAME_MS = 20;

  /**
   * Run something once nothing has asked for it for `pauseMs`; after `latestMs` without a pause,
   * with the next asking. While an answer is awaited neither, for as long again at most.
   *
   * @param {{timer: number, since: number}} waiting who waits, and since when; 0 for nobody
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
      if (gmm.state.outbox.busy && !overdue && waited() < 2 * latestMs) {
        waiting.timer = setTimeout(due, pauseMs);
      } else {
        stop(waiting);
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
})((window.dash_clientside = window.dash_clientside || {}));
