/** The address of the page: it names the session, so that a reload or a second tab finds it. */
{
  /** @returns {string|null} the session that the address names */
  function session() {
    return new URLSearchParams(window.location.search).get("s");
  }

  /** Whether the address keeps naming the session that it names. */
  let kept = false;

  function keep(/** @type {boolean} */ is) {
    kept = is;
  }

  function show(/** @type {string} */ id) {
    if (kept || session() === id) return;
    window.history.replaceState(null, "", `${window.location.pathname}?s=${id}`);
  }

  gmm.address = { keep, session, show };
}
