"""Checks of the documents: paths, links, endpoints, length."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from dash_app.config import Config
from tests.test_architecture import FORBIDDEN

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.txt"
API = ROOT / "docs" / "api.md"
MARKDOWN = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
DOCUMENTS = [README, *MARKDOWN]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]

TOP_LEVEL = r"(?:assets|benchmarks|dash_app|docs|legacy|scripts|tests|\.ci)/[\w./-]*[\w/]"
PATH = re.compile(rf"(?<![\w./:-])(?:{TOP_LEVEL}|[\w-]+\.(?:py|txt|md|toml))(?![\w/])")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NAME_IN_FILE = re.compile(
    r"`([A-Za-z_]\w*)`,?\s+(?:in|of)\s+`((?:dash_app|assets)/[\w/]+\.(?:py|js))`"
)
ELSEWHERE = {"session.json"}
"""Files that the reader creates."""


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def paths_in(text: str) -> set[str]:
    """Return the names that look like paths of this repository; URL paths start with a slash."""
    return set(PATH.findall(text)) - ELSEWHERE


def anchors_of(path: Path) -> set[str]:
    """Return the link fragments of the headings of a Markdown file."""
    prose = re.sub(r"^```.*?^```", "", text_of(path), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_readme_is_short() -> None:
    assert len(text_of(README).splitlines()) <= 150


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_path_exists(document: Path) -> None:
    missing = {
        path
        for path in paths_in(text_of(document))
        if not ((ROOT / path).exists() or (document.parent / path).exists())
    }
    assert missing == set()


def test_paths_are_found() -> None:
    text = (
        "see docs/api.md, `dash_app/ui/`; not /api/v1/sessions, http://a/docs/b.md or learner.py."
    )
    assert paths_in(text) == {"docs/api.md", "dash_app/ui/", "learner.py"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=NAMES)
def test_every_name_is_in_the_file_that_is_said_to_have_it(document: Path) -> None:
    found = NAME_IN_FILE.findall(text_of(document))
    wrong = [(name, path) for name, path in found if name not in text_of(ROOT / path)]
    assert wrong == []


def test_names_in_files_are_found() -> None:
    assert NAME_IN_FILE.findall("see `fit`\nin `dash_app/a.py`") == [("fit", "dash_app/a.py")]
    assert NAME_IN_FILE.findall(text_of(ROOT / "CONTRIBUTING.md"))


def test_defaults_in_prose_are_those_of_the_configuration() -> None:
    config = Config()
    operations = text_of(ROOT / "docs" / "operations.md")
    streams = re.search(r"There are (\d+) by default, for (\d+) pages", operations)
    assert streams is not None
    assert (int(streams[1]), 2 * int(streams[2])) == (config.max_streams, config.max_streams)
    threads = re.findall(r"(\d+) threads(?:,| by default)", text_of(ROOT / "CHANGELOG.md"))
    assert set(threads) == {str(config.threads)}


@pytest.mark.parametrize("document", MARKDOWN, ids=NAMES[1:])
def test_every_link_has_a_target(document: Path) -> None:
    broken = []
    for link in LINK.findall(text_of(document)):
        if link.startswith("https://"):
            continue
        name, _, fragment = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        if not target.exists() or (fragment and fragment not in anchors_of(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("document", MARKDOWN, ids=NAMES[1:])
def test_readme_names_every_document(document: Path) -> None:
    assert str(document.relative_to(ROOT)) in text_of(README)


def test_every_endpoint_of_the_specification_is_documented(client: FlaskClient) -> None:
    specification = client.get("/openapi/openapi.json").get_json()
    wanted = {
        f"| {method.upper()} | `{path}` |"
        for path, methods in specification["paths"].items()
        for method in methods
    }
    assert len(wanted) > 10
    assert {row for row in wanted if row not in text_of(API)} == set()


def test_every_endpoint_of_the_exercise_is_documented(server: Flask) -> None:
    rules = [rule for rule in server.url_map.iter_rules() if rule.endpoint.startswith("legacy.")]
    wanted = {
        f"| {method} | `{rule.rule}` |"
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.arguments
    }
    assert len(wanted) == 8
    assert {row for row in wanted if row not in text_of(API)} == set()


def test_every_documented_endpoint_exists(server: Flask) -> None:
    existing = {
        re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in server.url_map.iter_rules()
    }
    documented = set(re.findall(r"^\| [A-Z]+ \| `(/[^`]*)` \|", text_of(API), flags=re.MULTILINE))
    assert documented - existing == set()


@pytest.mark.parametrize("path", FORBIDDEN)
def test_every_import_rule_is_documented(path: str) -> None:
    rows = [
        line.split("|")[1]
        for line in text_of(ROOT / "docs" / "architecture.md").splitlines()
        if line.startswith("| ")
    ]
    assert any(f"`{path}`" in row for row in rows)


def test_every_page_of_the_application_is_in_the_readme(client: FlaskClient) -> None:
    pages = ["/", "/legacy/", "/openapi/"]
    for page in pages:
        assert client.get(page).status_code == 200
        assert f"    {page} " in text_of(README)
