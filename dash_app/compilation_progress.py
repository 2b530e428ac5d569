"""How far the compilation of the learner's loops is: said on stderr, and read by the server.

A leaf of the package: the server reads it while the import of the learner compiles.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Optional

_N_PLAIN_LINES = 4
"""Lines in a log; a terminal shows one line that is rewritten."""


class CompilationProgress:
    """Counts the functions as they are made; silent where all of them are in the cache.

    Attributes
    ----------
    n_functions : int, how many there are; 0 until the learner is imported
    n_done : int, how many are compiled or loaded
    is_compiling : bool
    """

    def __init__(self) -> None:
        self.n_functions = 0
        self.n_done = 0
        self.is_compiling = False
        self._on_begin: Optional[Callable[[], None]] = None
        self._began_s = 0.0

    def expect(self, n_functions: int) -> None:
        """Begin to count, up to n_functions."""
        self.n_functions, self.n_done = n_functions, 0
        self._began_s = time.monotonic()

    def at_begin(self, call: Optional[Callable[[], None]]) -> None:
        """Set what is called, once, when the first function has been compiled; None for nothing."""
        self._on_begin = call

    def made(self, *, was_compiled: bool) -> None:
        """Count one function; functions beyond the expected number do not count."""
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
"""Of this process: modules are imported, and so compiled, once in a process."""
