"""Compressed on the wire, cached by fingerprint."""

from __future__ import annotations

import gzip
import re

from flask.testing import FlaskClient

from dash_app.app import ASSETS

ACCEPT = {"Accept-Encoding": "gzip"}


def test_scripts_are_compressed_and_cached_for_good(client: FlaskClient) -> None:
    index = gzip.decompress(client.get("/", headers=ACCEPT).data).decode()
    addresses = re.findall(r'(?:script src|stylesheet" href)="([^"]+)"', index)
    assert sum(address.startswith("/assets/") for address in addresses) >= 4
    for address in addresses:
        answer = client.get(address, headers=ACCEPT)
        assert answer.status_code == 200
        assert answer.cache_control.max_age == 31_536_000
        if answer.content_length > 2000:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(answer.data) == client.get(address).data


def test_scripts_of_the_page_come_as_one_in_the_order_of_their_names(client: FlaskClient) -> None:
    own = re.findall(r'src="(/assets/[^"]+)"', client.get("/").text)
    assert len(own) == 1
    text = client.get(own[0]).text
    scripts = [script.read_text("utf-8") for script in sorted(ASSETS.glob("*.js"))]
    assert len(scripts) > 20
    assert text.startswith('"use strict";\n')
    assert text.endswith("\n" + "\n".join(scripts))


def test_plain_clients_and_small_answers_are_served_as_they_are(client: FlaskClient) -> None:
    plain = client.get("/assets/page.css")
    assert "Content-Encoding" not in plain.headers
    assert "Accept-Encoding" in plain.vary
    assert "Content-Encoding" not in client.get("/api/v1/sessions/x", headers=ACCEPT).headers


def test_unchanged_file_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/assets/page.css", headers=ACCEPT)
    again = client.get(
        "/assets/page.css", headers={**ACCEPT, "If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 304


def test_page_names_its_language(client: FlaskClient) -> None:
    assert '<html lang="en">' in client.get("/").text


def test_browsers_find_an_icon(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"


def test_preloads_are_there_and_are_kept_until_they_are_used(client: FlaskClient) -> None:
    preloads = re.findall(r'rel="preload" href="([^"]+)"', client.get("/").text)
    assert len(preloads) == 3
    for path in preloads:
        answer = client.get(path, headers=ACCEPT)
        assert answer.status_code == 200
        assert answer.cache_control.private
        assert answer.cache_control.max_age == 10  # an upgraded server is seen soon
        assert answer.headers["Content-Encoding"] == "gzip"
