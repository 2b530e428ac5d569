"""The commands of the page; most of them call one use-case of `Sessions`.

A command has an idempotency key. The browser may send it again; it is applied once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from dash_app.documents import run_document
from dash_app.errors import GMMError, RunNotFoundError, SessionNotFoundError
from dash_app.sessions import Sessions, SessionView
from dash_app.ui import command_models as models
from dash_app.ui.examples import EXAMPLES, script_of
from dash_app.ui.view import Json, refusal_json, view_json, whole_json
from dash_app.web import fields

#: Longest wait for a run, in seconds; the browser polls a longer run.
PATIENCE_S = 0.15


def perform(sessions: Sessions, session_id: Any, value: Any) -> Json:
    """Carry out a command; the answer has its key, and `error` or `again` if it failed.

    Raises
    ------
    ShapeError : the value has no key; nothing has changed
    """
    answer: Json = {"key": models.read(models.Keyed, value).key}
    try:
        known_id = models.session_id_of(session_id)
        command = models.read_command(value)
        return {**answer, **_ACTIONS[command.kind](sessions, known_id, command)}
    except SessionNotFoundError:
        return {**answer, "gone": True}
    except ValidationError as error:
        place, message = fields.fault(error)
        named = f"{message} ({'.'.join(place[1:])})" if place[1:] else message
        return {**answer, "error": {"message": named, "field": place[-1] if place else None}}
    except GMMError as error:
        return {**answer, **refusal_json(error)}


def look(sessions: Sessions, value: Any) -> Json:
    """Return the whole session with its points; a new session if it does not exist.

    `again` where the error passes by itself; other errors are raised.

    Raises
    ------
    ShapeError : the value is not a question
    """
    asked = models.read(models.Look, value).id
    try:
        return {"asked": asked, **_whole(sessions, asked)}
    except GMMError as error:
        if error.retry_after_s is None:
            raise
        return {"asked": asked, **refusal_json(error)}


def _whole(sessions: Sessions, session_id: Any) -> Json:
    try:
        view = (
            sessions.create()
            if session_id is None
            else sessions.view(models.session_id_of(session_id))
        )
    except SessionNotFoundError:
        view = sessions.create()
    return whole_json(sessions, view.id)


def follow(sessions: Sessions, session_id: Any, value: Any) -> Json:
    """Return the state of a run, and the view if it is done; stop the run first if requested.

    A refusal comes as `error`, or as `again` with what was asked.

    Raises
    ------
    ShapeError : the value is not a question
    """
    question = models.read(models.Question, value)
    asked = {"run": question.run, "stop": question.stop}
    try:
        known_id = models.session_id_of(session_id)
        if not re.match(fields.RUN_ID_PATTERN, question.run):
            raise RunNotFoundError(f"expected the id of a run, got {fields.shown(question.run)}")
        if question.stop:
            sessions.trainings.cancel(known_id, question.run)
        run = sessions.trainings.run(known_id, question.run)
        answer = {"run": run_document(run)}
        if run.status == "done":
            answer["view"] = view_json(sessions, sessions.view(known_id))
        return answer
    except GMMError as error:
        return {"asked": asked, **refusal_json(error)}


def _answer(sessions: Sessions, view: SessionView) -> Json:
    return {"view": view_json(sessions, view)}


def _add(sessions: Sessions, session_id: str, command: models.Points) -> Json:
    return _answer(sessions, sessions.add(session_id, command.x, idempotency_key=command.key))


def _remove(sessions: Sessions, session_id: str, command: models.Points) -> Json:
    return _answer(sessions, sessions.remove(session_id, command.x, idempotency_key=command.key))


def _keep(sessions: Sessions, session_id: str, command: models.Keep) -> Json:
    sessions.keep(session_id, command.n_points, idempotency_key=command.key)
    return whole_json(sessions, session_id)


def _undo(sessions: Sessions, session_id: str, command: models.Step) -> Json:
    sessions.undo(session_id, idempotency_key=command.key)
    return whole_json(sessions, session_id)


def _redo(sessions: Sessions, session_id: str, command: models.Step) -> Json:
    sessions.redo(session_id, idempotency_key=command.key)
    return whole_json(sessions, session_id)


def _clear(sessions: Sessions, session_id: str, command: models.Step) -> Json:
    return _answer(sessions, sessions.clear(session_id, idempotency_key=command.key))


def _configure(sessions: Sessions, session_id: str, command: models.Configure) -> Json:
    named = command.settings.model_dump(include=command.settings.model_fields_set)
    return _answer(sessions, sessions.configure(session_id, **named, idempotency_key=command.key))


def _play(sessions: Sessions, session_id: str, command: models.Play) -> Json:
    """Begin to play the example; its points come as events."""
    script = script_of(EXAMPLES[command.name])
    sessions.plays.play(session_id, script, idempotency_key=command.key)
    return whole_json(sessions, session_id)


def _pause(sessions: Sessions, session_id: str, _command: models.Step) -> Json:
    return _answer(sessions, sessions.plays.pause(session_id))


def _resume(sessions: Sessions, session_id: str, _command: models.Step) -> Json:
    view = sessions.view(session_id)
    example = None if view.example is None else EXAMPLES.get(view.example.name)
    if example is None:  # another tab took it back
        return _answer(sessions, view)
    return _answer(sessions, sessions.plays.resume(session_id, script_of(example)))


def _stop(sessions: Sessions, session_id: str, _command: models.Step) -> Json:
    return _answer(sessions, sessions.plays.stop(session_id))


def _train(sessions: Sessions, session_id: str, command: models.Train) -> Json:
    run = sessions.trainings.train(
        session_id,
        method=command.method,
        epochs=command.epochs,
        timeout_s=PATIENCE_S if command.method == "em" else 0.0,
        idempotency_key=command.key,
    )
    return {"run": run_document(run), **_answer(sessions, sessions.view(session_id))}


_ACTIONS: Mapping[str, Callable[[Sessions, str, Any], Json]] = MappingProxyType(
    {
        "add": _add,
        "remove": _remove,
        "keep": _keep,
        "undo": _undo,
        "redo": _redo,
        "clear": _clear,
        "configure": _configure,
        "play": _play,
        "pause": _pause,
        "resume": _resume,
        "stop": _stop,
        "train": _train,
    }
)
