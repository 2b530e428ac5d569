/** The address of the page: it names the session, so that a reload or a second tab finds it. */
"use strict";

(function (gmm) {
  /** @returns {string|null} the session that the address names */
  function session() {
    return new URLSearchParams(window.location.search).get("s");
  }

  function show(/** @type {string} */ id) {
    if (session() === id) return;
    window.history.replaceState(null, "", `${window.location.pathname}?s=${id}`);
  }

  gmm.address = { session, show };
})((window.dash_clientside = window.dash_clientside || {}));
