"""JSON of large bodies: the values are the same, and other threads run meanwhile."""

from __future__ import annotations

import json
import threading
import time

import pytest
from flask.testing import FlaskClient

from dash_app.web import json_text
from dash_app.web.json_text import LARGE_BYTES, StructureError, parse

NUMBERS = [1, -2.5, 1e300, 0, 12345678901234567890, -0.0]


def test_large_body_gives_the_same_values_as_a_small_one() -> None:
    large = NUMBERS * (LARGE_BYTES // 20)
    text = json.dumps({"x": large, "name": "größer", "nothing": None, "yes": True})
    assert len(text) > LARGE_BYTES
    for body in (text, text.encode(), text.encode("utf-16")):
        read = parse(body)
        assert read == json.loads(text)
        assert [type(each) for each in read["x"]] == [type(each) for each in large]


@pytest.mark.parametrize("end", ["", "]]", "1e"])
def test_large_body_that_is_not_json_is_refused(end: str) -> None:
    with pytest.raises(json.JSONDecodeError):
        parse("[" + "1.5, " * LARGE_BYTES + end)


def test_large_body_with_a_name_twice_is_refused() -> None:
    with pytest.raises(StructureError, match="got 'x' twice"):
        parse('{"x": [' + "1.5, " * LARGE_BYTES + '1], "x": 2}')


def test_object_of_very_many_names_is_refused_at_once(client: FlaskClient) -> None:
    names = json.dumps({str(index): 1 for index in range(50_000)})
    assert len(names) > LARGE_BYTES
    with pytest.raises(StructureError, match="1,000 names in an object, got 50,000"):
        parse(names)
    address = client.post("/api/v1/sessions", json={"n_components": 1}).headers["Location"]
    for path in (f"{address}/points", "/train", "/page/perform"):
        answer = client.post(path, data=names, content_type="application/json")
        assert answer.status_code == 400
        assert "1,000 names in an object" in answer.json["error"]["message"]


def test_other_threads_run_while_a_large_body_is_read() -> None:
    body = json.dumps([1 / 3] * 500_000).encode()
    reading, done = threading.Event(), threading.Event()
    turns = []

    def take_turns() -> None:
        reading.wait()
        while not done.is_set():
            turns.append(time.perf_counter())
            time.sleep(0.001)

    other = threading.Thread(target=take_turns)
    other.start()
    reading.set()
    parse(body)
    n_turns = len(turns)
    done.set()
    other.join()
    assert n_turns >= 5  # Python's parser alone allows one or two


def test_api_and_provided_page_read_large_bodies(client: FlaskClient) -> None:
    address = client.post("/api/v1/sessions", json={"n_components": 1}).headers["Location"]
    x = [i / 7 for i in range(20_000)]
    added = client.post(f"{address}/points", json={"x": x})
    assert added.json["n_points"] == len(x)
    coordinates = [{"x": each, "y": 0} for each in x]
    trained = client.post("/train?n_components=1&epochs=1", json={"coordinates": coordinates})
    assert trained.json["n_points"] == len(x)
    huge = b'{"x": [' + b"1, " * LARGE_BYTES + b"9" * 5000 + b"]}"
    refused = client.post(f"{address}/points", data=huge, content_type="application/json")
    assert refused.status_code in (400, 422)


def test_large_bodies_are_read_one_after_the_other_and_small_ones_beside_them() -> None:
    body = "[" + "1.5, " * (LARGE_BYTES // 5) + "1]"
    assert len(body) > LARGE_BYTES
    read: list[int] = []
    with json_text._ONE_LARGE:  # as while another large body is read
        reader = threading.Thread(target=lambda: read.append(len(parse(body))))
        reader.start()
        assert parse("[1, 2]") == [1, 2]
        reader.join(0.3)
        assert reader.is_alive()
    reader.join(30)
    assert read == [LARGE_BYTES // 5 + 1]


@pytest.mark.parametrize("path", ["/page/perform", "/api/v1/sessions", "/train"])
@pytest.mark.parametrize(
    ("body", "came"),
    [
        (b" ", "got an empty one"),
        (b'{"x": [1', "Expecting ',' delimiter: line 1 column 9 (char 8)"),
        (b'{"x": "\xff"}', "can't decode byte 0xff"),
        (b"[" * 33 + b"]" * 33, "nested at most 32 deep, got a deeper one"),
        (b"{" + b",".join(b'"%d": 1' % i for i in range(1001)) + b"}", "1,000 names in an object"),
        (b'{"x": [1], "y": 0, "x": [2]}', "each name once in an object, got 'x' twice"),
        (b'{"detail": [{"x": 1, "x": 1}]}', "each name once in an object, got 'x' twice"),
    ],
    ids=["empty", "unended", "not UTF-8", "deep", "many names", "name twice", "name twice within"],
)
def test_refusal_says_what_is_wrong_with_the_body(
    client: FlaskClient, path: str, body: bytes, came: str
) -> None:
    refused = client.post(path, data=body, content_type="application/json")
    assert refused.status_code == 400
    assert came in refused.get_json()["error"]["message"]
