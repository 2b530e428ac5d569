"""What a person can ask of a session, by name: each is one use-case of `Sessions`.

A command bears the key under which the browser sends it, again if need be; it is applied once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Optional

from dash_app.documents import run_document
from dash_app.errors import GMMError, RefusedError, SessionNotFoundError
from dash_app.sessions import Sessions, SessionView
from dash_app.ui.examples import EXAMPLES, increments
from dash_app.ui.view import Json, error_json, history_json, view_json

#: A run that ends within this time comes with the answer; a longer one is followed.
PATIENCE_S = 0.15


def perform(sessions: Sessions, session_id: Optional[str], command: Mapping[str, Any]) -> Json:
    """Carry out a command; the answer bears its key, and a refusal as `error`."""
    answer: Json = {"key": command["key"]}
    try:
        action = _ACTIONS.get(command["kind"])
        if action is None:
            raise RefusedError(f"expected one of {', '.join(_ACTIONS)}, got {command['kind']!r}")
        return {**answer, **action(sessions, session_id or "", command)}
    except SessionNotFoundError:
        return {**answer, "gone": True}
    except GMMError as error:
        return {**answer, "error": error_json(error)}


def look(sessions: Sessions, session_id: Optional[str]) -> Json:
    """Return the whole session with its points; a new one where it does not exist."""
    try:
        view = sessions.view(session_id) if session_id else sessions.create()
    except SessionNotFoundError:
        view = sessions.create()
    points = sessions.points(view.id).tolist()
    history = history_json(sessions, view.id)
    seen = view_json(sessions, view)
    return {"asked": session_id, "view": seen, "points": points, "history": history}


def follow(sessions: Sessions, session_id: Optional[str], question: Mapping[str, Any]) -> Json:
    """Return how a run stands, after stopping it where that is asked; with the view once done."""
    try:
        if question.get("stop"):
            sessions.cancel(session_id or "", question["run"])
        run = sessions.run(session_id or "", question["run"])
        answer = {"run": run_document(run)}
        if run.status == "done":
            answer["view"] = view_json(sessions, sessions.view(session_id or ""))
        return answer
    except GMMError as error:
        return {"error": error_json(error)}


def _answer(sessions: Sessions, view: SessionView, *, points: bool = False) -> Json:
    answer: Json = {"view": view_json(sessions, view)}
    if points:
        answer["points"] = sessions.points(view.id).tolist()
    return answer


def _add(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    view = sessions.add(session_id, command["x"], idempotency_key=command["key"])
    return _answer(sessions, view)


def _remove(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    view = sessions.remove(session_id, command["x"], idempotency_key=command["key"])
    return _answer(sessions, view)


def _undo(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    view = sessions.undo(session_id, idempotency_key=command["key"])
    return _answer(sessions, view, points=True)


def _redo(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    view = sessions.redo(session_id, idempotency_key=command["key"])
    return _answer(sessions, view, points=True)


def _clear(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    return _answer(sessions, sessions.clear(session_id, idempotency_key=command["key"]))


def _configure(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    view = sessions.configure(session_id, **command["settings"], idempotency_key=command["key"])
    return _answer(sessions, view)


def _example(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    """Clear, take over the example's settings, and hand its points to the browser to play."""
    example = EXAMPLES[command["name"]]
    sessions.clear(session_id)
    view = sessions.configure(
        session_id, n_components=example.n_components, half_life=example.half_life
    )
    return {
        **_answer(sessions, view, points=True),
        "increments": increments(example.points()),
        "axis": list(example.axis),
    }


def _train(sessions: Sessions, session_id: str, command: Mapping[str, Any]) -> Json:
    run = sessions.train(
        session_id,
        method=command["method"],
        epochs=command["epochs"],
        timeout_s=PATIENCE_S if command["method"] == "em" else 0.0,
        idempotency_key=command["key"],
    )
    return {"run": run_document(run), **_answer(sessions, sessions.view(session_id))}


_ACTIONS: Mapping[str, Callable[[Sessions, str, Mapping[str, Any]], Json]] = MappingProxyType(
    {
        "add": _add,
        "remove": _remove,
        "undo": _undo,
        "redo": _redo,
        "clear": _clear,
        "configure": _configure,
        "example": _example,
        "train": _train,
    }
)
