"""The operator's commands: list, export, import, delete, and refusals in one sentence."""

from __future__ import annotations

import io
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dash_app.command_line import main
from dash_app.config import Config
from dash_app.sessions import Sessions
from dash_app.store import Store


@pytest.fixture
def command(config: Config) -> Callable[..., int]:
    """Run a sub-command of `sessions` on the test's store."""

    def run(*arguments: str) -> int:
        return main(["sessions", *arguments, "--data-dir", str(config.data_dir)])

    return run


@pytest.fixture
def session_id(sessions: Sessions) -> str:
    """A session with two points."""
    found = sessions.create(n_components=2).id
    sessions.add(found, [1.0, 2.0])
    return found


def test_exported_session_is_imported_by_another_instance(
    command: Callable[..., int],
    session_id: str,
    sessions: Sessions,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    assert command("list") == 0
    listed = capsys.readouterr().out
    assert session_id in listed
    assert "1 operations" in listed
    assert "2 points" in listed
    file = tmp_path / "session.json"
    assert command("export", session_id, "-o", str(file)) == 0
    assert command("export", session_id) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(file.read_text())
    elsewhere = ["--data-dir", str(tmp_path / "elsewhere")]
    assert main(["sessions", "import", str(file), *elsewhere]) == 0
    assert capsys.readouterr().out.strip() == session_id
    config = Config(data_dir=tmp_path / "elsewhere")
    other = Sessions(Store(config.store_url), config)
    assert other.view(session_id) == sessions.view(session_id)
    other.close()
    assert command("delete", session_id) == 0
    assert command("list") == 0
    assert capsys.readouterr().out == ""


def test_import_reads_stdin(
    command: Callable[..., int],
    session_id: str,
    sessions: Sessions,
    capsys: pytest.CaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command("export", session_id)
    text = capsys.readouterr().out
    sessions.delete(session_id)
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert command("import", "-") == 0
    assert sessions.view(capsys.readouterr().out.strip()).n_points == 2


def test_deleted_session_is_listed_and_restored(
    command: Callable[..., int],
    session_id: str,
    sessions: Sessions,
    capsys: pytest.CaptureFixture,
) -> None:
    assert command("delete", session_id) == 0
    assert command("list") == 0
    assert capsys.readouterr().out == ""
    assert command("list", "--deleted") == 0
    assert capsys.readouterr().out.startswith(f"{session_id}  deleted ")
    assert command("restore", session_id) == 0
    assert sessions.view(session_id).n_points == 2
    assert command("list", "--deleted") == 0
    assert capsys.readouterr().out == ""


def test_import_replaces_nothing_for_good(
    command: Callable[..., int],
    session_id: str,
    sessions: Sessions,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    file = tmp_path / "session.json"
    command("export", session_id, "-o", str(file))
    sessions.add(session_id, [3.0])
    assert command("import", str(file)) == 1
    assert capsys.readouterr().err.strip().endswith(f"there is a session {session_id} already")
    assert sessions.view(session_id).n_points == 3
    assert command("delete", session_id) == 0
    assert command("import", str(file)) == 0
    imported = capsys.readouterr().out.strip()
    assert sessions.points(imported).tolist() == [1.0, 2.0]
    assert command("restore", session_id) == 0
    assert sessions.points(session_id).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.usefixtures("sessions")
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["export", "nobody"], "expected the id of a session"),
        (["restore", "nobody"], "expected the id of a deleted session"),
        (["delete", "nobody"], "expected the id of a session"),
        (["export", "\udcff"], "expected the id of a session"),  # bytes that are not UTF-8
        (["delete", "\udcff"], "expected the id of a session"),
        (["import", "/no/such/file"], "/no/such/file"),
    ],
)
def test_refusal_is_one_sentence_and_exit_code_1(
    command: Callable[..., int],
    arguments: list,
    expected: str,
    capsys: pytest.CaptureFixture,
) -> None:
    assert command(*arguments) == 1
    said = capsys.readouterr().err
    assert expected in said
    assert len(said.splitlines()) == 1


def test_import_of_another_format_is_refused(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for text in ("{", "[]", '{"format": "other"}', "[" * 100_000 + "]" * 100_000):
        (tmp_path / "file").write_text(text)
        assert command("import", str(tmp_path / "file")) == 1
        assert "expected" in capsys.readouterr().err


def test_export_to_an_unwritable_path_is_refused(
    command: Callable[..., int], session_id: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert command("export", session_id, "-o", str(tmp_path)) == 1
    assert "expected a file that can be written" in capsys.readouterr().err


@pytest.mark.parametrize("action", [["list"], ["export", "0" * 32], ["delete", "0" * 32]])
def test_data_directory_without_a_store_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture, action: list[str]
) -> None:
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "no" / "directory", tmp_path / "empty"):
        assert main(["sessions", *action, "--data-dir", str(place)]) == 1
        said = capsys.readouterr()
        expected = f"expected a store, got no file {place / 'sessions.sqlite3'}\n"
        assert (said.out, said.err) == ("", expected)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "empty"]


def test_wrong_usage_is_exit_code_2(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sessions", "explode"])
    assert caught.value.code == 2
    assert "explode" in capsys.readouterr().err


def test_unusable_setting_is_reported_in_one_sentence(capsys: pytest.CaptureFixture) -> None:
    assert main(["--port", "many"]) == 1
    assert "GMM_PORT" in capsys.readouterr().err


def test_help_shows_what_a_setting_takes(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert "--metrics TRUE|FALSE" in text
    assert "--max-run-s SECONDS" in text
    assert "--database-url URL" in text


def test_help_names_every_setting(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    for name in ("GMM_PORT", "GMM_DATA_DIR", "GMM_DATABASE_URL", "GMM_SESSION_TTL_DAYS"):
        assert name in text


def test_port_in_use_gives_one_sentence_and_exit_code_1(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert main(["--port", port, "--data-dir", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert (said.out, len(said.err.splitlines())) == ("", 1)
    assert f"got 127.0.0.1:{port}: Address already in use" in said.err


def test_too_few_open_files_are_refused_in_one_sentence_before_the_load(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "from dash_app.command_line import main\n"
        f"code = main(['--port', '0', '--data-dir', {str(tmp_path)!r}])\n"
        "assert 'dash_app.app' not in sys.modules\n"
        "sys.exit(code)"
    )
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "expected a process that may open 256 files or more, got 64; raise the limit: ulimit -n\n"
    )


def test_gunicorn_with_too_few_open_files_ends_and_says_why(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))\n"
        "from gunicorn.app.wsgiapp import run\n"
        "sys.argv[1:] = ['-k', 'gthread', '-b', '127.0.0.1:0', 'dash_app.app:create_server()']\n"
        "run()"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "GMM_DATA_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    assert ended.returncode == 3
    assert "expected a process that may open 256 files or more, got 64" in ended.stderr


@pytest.mark.parametrize("host", ["192.0.2.1", "é" * 70], ids=["not ours", "no name"])
def test_host_that_cannot_be_listened_on_is_said_with_the_reason(
    host: str, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    assert main(["--host", host, "--port", "0", "--data-dir", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"got {host}:0: " in said
    assert "--host" in said


def test_database_url_whose_port_is_no_number_is_refused_without_its_password(
    capsys: pytest.CaptureFixture,
) -> None:
    url = "postgresql://person:open@door:sesame@host/name"
    assert main(["sessions", "list", "--database-url", url]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "expected a whole number as its port" in said
    assert "door" not in said
    assert "sesame" not in said


def test_a_list_needs_no_compiled_loop(session_id: str, config: Config) -> None:
    """It takes a third of the time without them."""
    code = (
        "import sys; sys.modules['numba'] = None; from dash_app.command_line import main; "
        f"sys.exit(main(['sessions', 'list', '--data-dir', {str(config.data_dir)!r}]))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.stderr, ended.returncode) == ("", 0)
    assert ended.stdout.startswith(session_id)


@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
@pytest.mark.parametrize("action", [["list"], ["export"], ["list", "--deleted"]], ids=" ".join)
def test_a_reader_that_has_gone_ends_it_quietly(
    sessions: Sessions, config: Config, session_id: str, action: list[str], unbuffered: str
) -> None:
    if action == ["export"]:
        action = ["export", session_id]
        sessions.add(session_id, list(range(3_000)))  # more than a buffer holds
    if "--deleted" in action:
        sessions.delete(session_id)
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "dash_app", "sessions", *action]
    with open(writing, "wb") as gone:
        ended = subprocess.run(
            [*command, "--data-dir", str(config.data_dir)],
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
        )
    assert (ended.stderr, ended.returncode) == (b"", 141)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("action", ["list", "export"])
def test_output_that_cannot_be_written_is_said_in_one_sentence(
    action: str, session_id: str, config: Config
) -> None:
    which = [session_id] if action == "export" else []
    with open("/dev/full", "wb") as full:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "dash_app", "sessions", action, *which),
                *("--data-dir", str(config.data_dir)),
            ],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ended.returncode == 1
    assert ended.stderr.startswith("expected an output that can be written, got ")
    assert ended.stderr.count("\n") == 1


def test_export_that_cannot_be_completed_leaves_the_earlier_file(
    command: Callable[..., int],
    sessions: Sessions,
    session_id: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture,
) -> None:
    file = tmp_path / "session.json"
    assert command("export", session_id, "-o", str(file)) == 0
    before = file.read_text()
    sessions.add(session_id, [float(x) for x in range(20_000)])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # as on a disk that is full
    try:
        assert command("export", session_id, "-o", str(file)) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert "expected a file that can be written" in capsys.readouterr().err
    assert file.read_text() == before
    assert os.listdir(tmp_path).count("session.json.part") == 0
    assert command("export", session_id, "-o", str(file)) == 0
    assert len(file.read_text()) > 100_000
    assert command("export", session_id, "-o", os.devnull) == 0


def test_import_of_another_document_says_what_came(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for text, came in (('{"format": "another"}', "'another'"), ("[1]", "[1]"), ("{}", "null")):
        (tmp_path / "other.json").write_text(text)
        assert command("import", str(tmp_path / "other.json")) == 1
        assert capsys.readouterr().err.endswith(f"'gaussian-mixture-session', got {came}\n")


def test_interrupted_command_ends_without_a_traceback(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dash_app.sessions_command._opened", interrupted)
    assert command("list") == 130
    assert capsys.readouterr().err == ""
