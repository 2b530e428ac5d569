"""Progress of the compilation of the learner's loops, written to stderr and read by the server.

This module imports nothing of the package: the server reads it while the learner's import compiles.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Optional

_N_PLAIN_LINES = 4
"""Lines in a log; a terminal shows one line that is rewritten."""


class CompilationProgress:
    """Counts the compiled functions; writes nothing if all of them are in the cache.

    Attributes
    ----------
    n_functions : int, number of functions; 0 until the learner is imported
    n_done : int, number of compiled or loaded functions
    is_compiling : bool
    """

    def __init__(self) -> None:
        self.n_functions = 0
        self.n_done = 0
        self.is_compiling = False
        self._on_begin: Optional[Callable[[], None]] = None
        self._began_s = 0.0

    def expect(self, n_functions: int) -> None:
        """Start counting towards `n_functions`."""
        self.n_functions, self.n_done = n_functions, 0
        self._began_s = time.monotonic()

    def at_begin(self, call: Optional[Callable[[], None]]) -> None:
        """Set the function to call once, after the first compilation; None for none."""
        self._on_begin = call

    def made(self, *, was_compiled: bool) -> None:
        """Count one function; ignore functions beyond the expected number."""
        if self.n_done == self.n_functions:
            return
        self.n_done += 1
        begins = was_compiled and not self.is_compiling
        if begins:
            self.is_compiling = True
        if self.is_compiling:
            self._say(begins)
        if self.n_done == self.n_functions:
            self.is_compiling = False
        if begins and self._on_begin is not None:
            self._on_begin()

    def _say(self, begins: bool) -> None:
        text = f"compiling the learner's loops, {self.n_done} of {self.n_functions}"
        ends = self.n_done == self.n_functions
        if ends:
            text += f": done in {time.monotonic() - self._began_s:.0f} s, kept for the next start"
        if sys.stderr.isatty():
            sys.stderr.write("\r" + text + ("\n" if ends else ""))
        elif begins or ends or self.n_done % (self.n_functions // _N_PLAIN_LINES + 1) == 0:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()


PROGRESS = CompilationProgress()
"""One object for the process: each module is imported and compiled once."""
