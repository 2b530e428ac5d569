"""The package: files and dependencies of its wheel, and a server started from its installation."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import urllib.request
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dash_app

ROOT = Path(__file__).resolve().parent.parent
CORE = {"numpy", "scipy", "numba", "platformdirs"}
PYTHONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, built with the packages of requirements-dev.txt."""
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT))
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed in it."""
    folder = tmp_path_factory.mktemp("installed")
    pip("install", "--no-compile", "--target", str(folder), str(wheel))
    return folder


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """The metadata of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", arguments[0]]
    offline = ["--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, *offline, *arguments[1:]], check=True)


def tracked(*folders: str) -> set[str]:
    return {
        str(file.relative_to(ROOT))
        for folder in folders
        for file in (ROOT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def test_wheel_has_the_whole_application_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    expected = tracked("dash_app", "legacy") | {"gmm.py"}
    assert names == expected | {f"dash_app/{each}" for each in tracked("assets")}
    assert {"dash_app/py.typed", "dash_app/assets/plot.js", "legacy/static/script.js"} <= names


def test_version_is_defined_once(metadata: Message) -> None:
    assert metadata["Name"] == "gaussian-mixture-trainer"
    assert metadata["Version"] == dash_app.__version__
    assert metadata["Requires-Python"] == ">=3.9"


def test_learner_alone_needs_four_packages(metadata: Message) -> None:
    requirements = [Requirement(each) for each in metadata.get_all("Requires-Dist", [])]
    assert {each.name for each in requirements if "extra" not in str(each.marker)} == CORE


def test_pinned_versions_lie_within_the_packages_ranges(metadata: Message) -> None:
    ranges: dict[str, list[Requirement]] = {}
    for text in metadata.get_all("Requires-Dist", []):
        found = Requirement(text)
        ranges.setdefault(canonicalize_name(found.name), []).append(found)
    pins = [
        Requirement(text)
        for file in ("requirements.txt", "requirements-dev.txt")
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines()
        if (text := line.partition("#")[0].strip()) and not text.startswith("-r")
    ]
    unpinned = {name: set(PYTHONS) for name in ranges}
    for pin in pins:
        name = canonicalize_name(pin.name)
        (version,) = (each.version for each in pin.specifier)
        for allowed in ranges.get(name, ()):
            assert allowed.specifier.contains(version), f"{pin} is outside of {allowed}"
            unpinned[name] = unpinned[name] - {
                each for each in PYTHONS if applies(pin.marker, each)
            }
    assert not any(unpinned.values()), unpinned


def applies(marker: Marker | None, python: str) -> bool:
    return marker is None or marker.evaluate({"python_version": python})


@pytest.mark.parametrize(
    ("missing", "arguments"), [("dash", ["--port", "0"]), ("sqlalchemy", ["sessions", "list"])]
)
def test_missing_package_is_reported_with_the_command_to_install_it(
    missing: str, arguments: list[str], tmp_path: Path
) -> None:
    code = (
        f"import sys; sys.modules[{missing!r}] = None; from dash_app.command_line import main; "
        f"sys.exit(main({[*arguments, '--data-dir', str(tmp_path)]!r}))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        f"the application needs {missing}, which is not installed: "
        "pip install 'gaussian-mixture-trainer[app]'\n"
    )


def test_installed_application_serves_its_pages_from_any_folder(
    installed: Path, tmp_path: Path
) -> None:
    # machine code is cached for one path of its source; compiling for another takes a minute or two
    shutil.move(str(installed / "dash_app" / "learning"), str(tmp_path / "moved"))
    code = (
        f"import dash_app; dash_app.__path__.append({str(ROOT / 'dash_app')!r}); "
        "from dash_app.command_line import main; main()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "--port", "0", "--data-dir", str(tmp_path / "data")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split()[-1]
        assert b"_dash-config" in read(address)
        for path, file in (
            ("assets/plot.js", "assets/plot.js"),
            ("favicon.ico", "assets/favicon.svg"),
            ("legacy/", "legacy/index.html"),
            ("legacy/static/script.js", "legacy/static/script.js"),
        ):
            assert read(address + path) == (ROOT / file).read_bytes(), path
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


def read(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        content: bytes = answer.read()
    return content


def test_installation_has_the_command(installed: Path) -> None:
    command = installed / "bin" / "gaussian-mixture-trainer"
    done = subprocess.run(
        [sys.executable, str(command), "--help"],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "GMM_PORT" in done.stdout
