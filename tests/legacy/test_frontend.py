"""The page at /legacy/: our own, or that of GMM_LEGACY_FRONTEND."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from dash_app.app import create_app
from dash_app.config import Config
from dash_app.errors import SettingError
from legacy.blueprint import create_blueprint


def test_the_page_and_its_files_are_served(client: FlaskClient) -> None:
    page = client.get("/legacy/")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    for element in ("toggle", "n_components", "n_components_label", "epochs", "centeredBox"):
        assert f'id="{element}"' in page.get_data(as_text=True)
    script = client.get("/legacy/static/script.js")
    assert (script.status_code, script.mimetype) == (200, "text/javascript")
    assert client.get("/legacy/static/style.css").mimetype == "text/css"
    assert client.get("/legacy").headers["Location"].endswith("/legacy/")


SCRIPTS = ("script", "chart", "trainer")


def test_the_page_names_no_other_host() -> None:
    folder = Path(__file__).parents[2] / "legacy"
    for name in ("index.html", *(f"static/{script}.js" for script in SCRIPTS), "static/style.css"):
        text = (folder / name).read_text()
        assert "//cdn" not in text
        assert text.replace("http://www.w3.org/2000/svg", "").count("http") == 0


@pytest.fixture
def own_frontend(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (folder / "static").mkdir(parents=True)
    (folder / "index.html").write_text("<p>third-party page</p>")
    (folder / "static" / "script.js").write_text("'own'")
    (folder / "notes.txt").write_text("not for the world")
    (tmp_path / "secret.txt").write_text("outside")
    return folder


def test_frontend_setting_replaces_the_page(config: Config, own_frontend: Path) -> None:
    server = create_app(dataclasses.replace(config, legacy_frontend=own_frontend)).server
    client = server.test_client()
    assert client.get("/legacy/").get_data(as_text=True) == "<p>third-party page</p>"
    assert client.get("/legacy/static/script.js").get_data(as_text=True) == "'own'"
    assert client.get("/legacy/static/style.css").status_code == 404
    for path in (
        "notes.txt",
        "static/../notes.txt",
        "static/../../secret.txt",
        "static/..%2f..%2fsecret.txt",
        "static/%2e%2e/notes.txt",
        "static/..\\..\\secret.txt",
    ):
        assert client.get(f"/legacy/{path}").status_code == 404, path
    server.extensions["sessions"].close()


def test_frontend_without_a_page_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"index\.html") as refusal:
        create_blueprint(None, assets=tmp_path, frontend=tmp_path)  # type: ignore[arg-type]
    assert refusal.value.field == "GMM_LEGACY_FRONTEND"
