"""The command line: serving, and the operator's view of the sessions.

Exit codes: 0 well, 1 refused with one sentence on stderr, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from types import FrameType
from typing import Any, Optional

from waitress.server import create_server as create_waitress

from dash_app.config import Config
from dash_app.errors import GMMError
from dash_app.sessions_command import add_sessions_command

_log = logging.getLogger(__name__)

_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run the command; returns the exit code."""
    options = vars(_parser().parse_args(arguments))
    command = options.pop("command")
    names = {each.name for each in fields(Config)}
    settings = {name: options.pop(name) for name in list(options) if name in names}
    try:
        config = Config.from_environment(**settings)
        logging.basicConfig(level=config.log_level, format=_LOG_FORMAT)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        logging.getLogger("torch").setLevel(logging.WARNING)
        code: int = command(config, **options)
    except GMMError as error:
        _say(str(error), error=True)
        return 1
    return code


def serve(config: Config) -> int:
    """Serve until SIGINT or SIGTERM."""
    listener = _listen(config.host, config.port)
    if listener is None:
        _say(
            f"port {config.port} of {config.host} cannot be used; "
            "choose another one: ./run --port 8051",
            error=True,
        )
        return 1
    from dash_app.app import create_app  # after the port is known to be free: it takes a second
    from legacy.blueprint import warm_up

    with listener:
        server = create_app(config).server
        sessions = server.extensions["sessions"]
        waitress = create_waitress(server, sockets=[listener], threads=config.threads, ident=None)
        address = f"http://{_readable(config.host)}:{listener.getsockname()[1]}"
        _say(f"online against from scratch: {address}/")
        _say(f"the provided page:           {address}/legacy/")
        _say(f"the API's documentation:     {address}/openapi/")
        _say("Ctrl-C stops it")
        sessions.start()
        warm_up()
        try:
            # streams first: waitress waits for the threads that serve them
            with _stopped_by_signals(sessions.watch.close):
                waitress.run()
        finally:
            sessions.close()
            waitress.close()
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
            metavar=each.metadata["unit"].split()[-1].upper(),
            help=f"{each.metadata['help']} ({each.metadata['name']})",
        )


def _listen(host: str, port: int) -> Optional[socket.socket]:
    """Return a bound socket, None where the port is taken or not allowed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # two servers that may both bind with SO_REUSEADDR cannot both listen
        listener.listen(1024)
    except OSError as error:
        _log.debug("bind: %s", error)
        listener.close()
        return None
    return listener


def _readable(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{host}]" if ":" in host else host


@contextlib.contextmanager
def _stopped_by_signals(on_stop: Callable[[], None]) -> Iterator[None]:
    def stop(_number: int, _frame: Optional[FrameType]) -> None:
        on_stop()
        raise SystemExit

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with contextlib.suppress(SystemExit):
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _say(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    stream.write(text + "\n")
    stream.flush()
