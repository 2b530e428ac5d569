"""Serve the application, or manage its sessions.

Exit codes: 0 success, 1 an error with one sentence on stderr, 2 wrong usage,
130 an interrupt (Ctrl-C), 141 the reader of the output has gone.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Optional

from dash_app import logs
from dash_app.config import Config
from dash_app.errors import GMMError
from dash_app.serving.process import address_of, listen
from dash_app.serving.process import serve as run
from dash_app.sessions_command import add_sessions_command, discard_output

if TYPE_CHECKING:
    from flask import Flask


INTERRUPTED = 130
"""Exit code after an interrupt: 128 + SIGINT, as a shell has it."""

UNREAD = 141
"""Exit code where the reader has gone: 128 + SIGPIPE, as a shell has it of other commands."""


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; return the exit code."""
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    names = {each.name for each in fields(Config)}
    settings = {name: options.pop(name) for name in list(options) if name in names}
    try:
        config = Config.from_environment(**settings)
        logs.configure(config.log_level, config.log_format)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        logging.getLogger("torch").setLevel(logging.WARNING)
        code: int = command(config, **options)
    except GMMError as error:
        _say(str(error), error=True)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # without a word: the reader has gone, as `head` does
        discard_output()
        return UNREAD
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] in ("dash_app", "legacy", "gmm"):
            raise
        _say(
            f"the application needs {error.name}, which is not installed: "
            "pip install 'gaussian-mixture-trainer[app]'",
            error=True,
        )
        return 1
    return code


def serve(config: Config) -> int:
    """Serve until SIGINT or SIGTERM."""
    listener = listen(config.host, config.port)

    def load() -> Flask:
        # after the port is bound: the import takes a second, or a minute or two if it compiles
        from dash_app.app import create_app

        server: Flask = create_app(config).server
        address = address_of(config.host, listener)
        _say(  # at once: a reader of the first line alone, such as `head`, does not end the server
            f"online against from scratch: {address}/\n"
            f"the exercise's page:         {address}/legacy/\n"
            f"the API's documentation:     {address}/openapi/\n"
            "Ctrl-C stops it"
        )
        return server

    with listener:
        run(load, listener, config)
    _say("stopped")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m dash_app", description=__doc__)
    parser.set_defaults(command=serve)
    _add_settings(parser, default=None)
    commands = parser.add_subparsers(title="commands", metavar="sessions")
    settings = argparse.ArgumentParser(add_help=False)
    _add_settings(settings, default=argparse.SUPPRESS)
    add_sessions_command(commands, settings)
    return parser


def _add_settings(parser: argparse.ArgumentParser, default: Any) -> None:
    for each in fields(Config):
        parser.add_argument(
            "--" + each.name.replace("_", "-"),
            default=default,
            metavar=_placeholder(each.metadata["unit"]),
            help=f"{each.metadata['help']} ({each.metadata['name']})",
        )


def _placeholder(unit: str) -> str:
    """Return what stands for a value: the last word of its unit, or both where there are two."""
    return "|".join(unit.split(" or ")).split()[-1].upper()


def _say(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    stream.write(text + "\n")
    stream.flush()
