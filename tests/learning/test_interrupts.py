"""An interrupt (Ctrl-C) during a training raises KeyboardInterrupt; the learner goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dash_app.learning  # noqa: F401  (compiles what the programs below load)

PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
from dash_app.learning import OnlineGaussianMixture, fit_from_scratch

signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
x = np.random.default_rng(0).normal(size=400)
learner = OnlineGaussianMixture(5).partial_fit(x[:50])
training = {
    "online": lambda: learner.partial_fit(x[:1]),
    "scratch": lambda: fit_from_scratch(x, 5),
}[sys.argv[1]]
ended = threading.Event()

def interrupt():
    for _ in range(20):
        time.sleep(0.03)
        os.kill(os.getpid(), signal.SIGINT)
    ended.set()

threading.Thread(target=interrupt).start()
n_caught = 0
while not ended.is_set():
    try:
        training()
    except KeyboardInterrupt:
        n_caught += 1
mixture = learner.partial_fit(x[50:60]).mixture
print(n_caught, mixture.n_components)
"""


@pytest.mark.parametrize("training", ["online", "scratch"])
def test_interrupts_do_not_end_the_process(training: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, training], capture_output=True, text=True, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    n_caught, n_components = ended.stdout.split()
    assert int(n_caught) >= 5
    assert n_components == "5"
