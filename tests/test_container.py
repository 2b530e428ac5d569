"""The container files repeat the steps of ./run and name only existing files and settings."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "compose.yaml").read_text(encoding="utf-8")


def test_image_is_prepared_by_the_steps_of_run() -> None:
    (step,) = re.findall(r"^prepare_environment \S+$", (ROOT / "run").read_text(), re.MULTILINE)
    assert f". scripts/environment.sh && {step}" in DOCKERFILE


def test_files_of_the_image_exist_and_are_not_ignored() -> None:
    kept = re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)
    assert {"requirements.txt", "requirements-dev.txt", "scripts", "dash_app", "assets"} <= {*kept}
    assert [name for name in kept if not (ROOT / name).exists()] == []
    assert (ROOT / "scripts" / "nginx.conf").exists()


def test_the_image_copies_files_that_exist_and_asks_for_its_health() -> None:
    copied = re.findall(r"^COPY --chown=app (.+) \S+$", DOCKERFILE, re.MULTILINE)
    names = [name for line in copied for name in line.split()]
    assert {"requirements.txt", "requirements-dev.txt", "."} == {*names}
    assert re.findall(r"http://127\.0\.0\.1:8050(/\w+)", DOCKERFILE) == ["/healthz"]
    assert re.findall(r"^EXPOSE (\d+)$", DOCKERFILE, re.MULTILINE) == ["8050"]


def test_the_application_is_not_process_1_which_no_signal_ends_while_it_loads() -> None:
    assert re.search(r"^    init: true\b", COMPOSE, re.MULTILINE)


def test_every_setting_of_the_container_exists() -> None:
    names = set(re.findall(r"GMM_[A-Z_]+", DOCKERFILE + COMPOSE))
    known = set(re.findall(r'"(GMM_[A-Z_]+)"', (ROOT / "dash_app" / "config.py").read_text()))
    assert len(names) >= 6
    assert names <= known
