"""Who may import whom, checked on the import statements."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WEB = ("flask", "flask_openapi3", "dash", "plotly", "werkzeug", "waitress", "pydantic")
STORAGE = ("sqlalchemy", "psycopg", "sqlite3")
DEVELOPMENT = ("benchmarks", "testbed", "tests", "pytest")

# for each path: name prefixes that its modules must not import
FORBIDDEN = {
    "gmm.py": ("dash_app", "legacy", *WEB, *STORAGE, *DEVELOPMENT),
    "dash_app/learning": (
        *WEB,
        *STORAGE,
        *("dash_app.config", "dash_app.sessions", "dash_app.store", "dash_app.ui", "dash_app.api"),
        "legacy",
    ),
    "dash_app/config.py": ("dash_app.learning", "dash_app.sessions", "dash_app.store", *WEB),
    "dash_app/errors.py": ("dash_app", *WEB),
    "dash_app/store.py": (
        *("dash_app.learning.online", "dash_app.learning.scratch", "dash_app.journal", *WEB),
    ),
    "dash_app/records": ("dash_app.database", "dash_app.store", "dash_app.journal", *WEB, *STORAGE),
    "dash_app/database": (
        *("dash_app.learning.online", "dash_app.learning.scratch", "dash_app.store"),
        *("dash_app.journal", "dash_app.training", "dash_app.sessions", *WEB),
    ),
    "dash_app/web": (
        *("dash_app.sessions", "dash_app.store", "dash_app.journal", "dash_app.api"),
        *("dash_app.learning.online", "dash_app.learning.scratch", "dash_app.ui", "legacy"),
    ),
    "dash_app/admission": ("dash_app.sessions", "dash_app.store", "dash_app.learning", *WEB),
    "dash_app/transfer": ("dash_app.sessions", "dash_app.api", "dash_app.ui", "flask", *STORAGE),
    "dash_app/journal": ("dash_app.training", "dash_app.sessions", "dash_app.api", *WEB, *STORAGE),
    "dash_app/training": ("dash_app.sessions", "dash_app.api", "dash_app.ui", *WEB, *STORAGE),
    "dash_app/sessions.py": ("dash_app.api", "dash_app.events", "dash_app.ui", "legacy", *WEB),
    "dash_app/api.py": ("dash_app.store", "dash_app.ui", "legacy", *STORAGE),
    "dash_app/events.py": ("dash_app.store", "dash_app.ui", "legacy", *STORAGE),
    "dash_app/ui": ("dash_app.store", "dash_app.api", "legacy", *STORAGE),
    "legacy": (
        *("dash_app.store", "dash_app.ui", "dash_app.api", "dash", "plotly"),
        *(*STORAGE, *DEVELOPMENT),
    ),
    "dash_app": DEVELOPMENT,
    "testbed": ("benchmarks", "tests", "pytest"),
    "benchmarks": ("tests", "pytest"),
    "tests": ("benchmarks",),
}


def python_files(path: str) -> list[Path]:
    found = ROOT / path
    return sorted(found.rglob("*.py")) if found.is_dir() else [found]


@cache
def imported_names(file: Path) -> list[tuple[int, str]]:
    return list(_imported_names(file))


def _imported_names(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: relative import"
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


@pytest.mark.parametrize("path", FORBIDDEN)
def test_forbidden_imports_are_absent(path: str) -> None:
    files = python_files(path)
    assert files
    wrong = [
        f"{file.relative_to(ROOT)}:{line} imports {name}"
        for file in files
        for line, name in imported_names(file)
        for forbidden in FORBIDDEN[path]
        if name == forbidden or name.startswith(forbidden + ".")
    ]
    assert wrong == []


def test_torch_is_imported_only_for_the_provided_model() -> None:
    users = {
        str(file.relative_to(ROOT))
        for package in ("dash_app", "legacy")
        for file in python_files(package)
        for _, name in imported_names(file)
        if name == "torch" or name.startswith("torch.")
    }
    # the warm-up loads torch shortly before a training by Adam needs it
    assert users == {
        "dash_app/learning/adam.py",
        "dash_app/learning/provided.py",
        "dash_app/training/warm_up.py",
    }


def source_modules() -> dict[str, Path]:
    files = [file for top in ("dash_app", "legacy", "benchmarks") for file in python_files(top)]
    names = {".".join(file.relative_to(ROOT).with_suffix("").parts): file for file in files}
    return {"gmm": ROOT / "gmm.py", **{n.replace(".__init__", ""): f for n, f in names.items()}}


def import_graph(node: Callable[[str], str]) -> dict[str, set[str]]:
    """Return the nodes that each node imports; `node` maps a module to its node."""
    modules = source_modules()
    graph: dict[str, set[str]] = {}
    for importer, file in modules.items():
        for _, name in imported_names(file):
            while name and name not in modules:
                name = name.rpartition(".")[0]
            if name and node(name) != node(importer):
                graph.setdefault(node(importer), set()).add(node(name))
    return graph


def package_of(module: str) -> str:
    """Return the sub-package of dash_app, or the top-level package; `__main__` stays itself."""
    parts = module.split(".")
    if parts[-1] == "__main__":
        return module
    return ".".join(parts[:2]) if parts[0] == "dash_app" else parts[0]


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """Return the nodes of one cycle; empty if there is none."""
    closed: set[str] = set()

    def visit(node: str, path: list[str]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node not in closed:
            for other in sorted(graph.get(node, ())):
                found = visit(other, [*path, node])
                if found:
                    return found
            closed.add(node)
        return []

    return next((found for node in sorted(graph) if (found := visit(node, []))), [])


@pytest.mark.parametrize("node", [package_of, str], ids=["packages", "modules"])
def test_no_cycle_of_imports(node: Callable[[str], str]) -> None:
    graph = import_graph(node)
    assert len(graph) > 10
    assert cycle_in(graph) == []


def test_cycle_is_found() -> None:
    assert cycle_in({"a": {"b"}, "b": {"c", "d"}, "d": {"b"}}) == ["b", "d", "b"]
