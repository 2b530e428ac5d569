"""torch is loaded once, when Adam is chosen or trains, not before, and stays out of collections."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dash_app.learning.adam import fit_adam
from dash_app.training.warm_up import warm_up

ROOT = Path(__file__).resolve().parents[2]

APPLICATION = """
import gc
import sys
import threading
from pathlib import Path
from dash_app.app import create_app
from dash_app.config import Config
from testbed.dash_envelope import envelope, server_callbacks

server = create_app(Config(data_dir=Path(sys.argv[1]))).server
client = server.test_client()
assert client.get("/").status_code == client.get("/legacy/").status_code == 200
click = {"coordinates": [{"x": 0.5, "y": 0}]}
assert client.post("/train?retrain=1", json=click).status_code == 200
sessions = "/api/v1/sessions"
session = f"{sessions}/{client.post(sessions, json={}).get_json()['id']}"
assert client.post(f"{session}/points", json={"x": [0.1, 0.4, 2.0]}).status_code == 200
assert client.post(f"{session}/train", json={"method": "em"}).status_code == 200
method = [{"id": "method", "property": "value"}]
(choice,) = [each for each in server_callbacks(client) if each["inputs"] == method]
loads = lambda: "warm-up" in [thread.name for thread in threading.enumerate()]
for chosen in ("em", None, "adam"):
    assert not loads()
    assert "torch" not in sys.modules
    assert gc.get_freeze_count() == 0
    body = envelope(choice, chosen)
    assert client.post("/_dash-update-component", json=body).status_code in (200, 204)
assert loads()
adam = {"method": "adam", "epochs": 2, "wait_s": 60}
assert client.post(f"{session}/train", json=adam).get_json()["status"] == "done"
import torch
assert torch.get_num_threads() == 1
assert gc.get_freeze_count() > 0
server.extensions["sessions"].close()
"""


def test_torch_is_loaded_when_adam_is_chosen_and_not_collected(tmp_path: Path) -> None:
    command = [sys.executable, "-c", APPLICATION, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_torch_is_loaded_once() -> None:
    thread = warm_up()
    assert warm_up() is thread
    thread.join(60)
    assert not thread.is_alive()
    assert "torch" in sys.modules
    assert fit_adam([0.0, 1.0], 1, epochs=2).n_iter == 2
