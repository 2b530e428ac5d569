"""The body by which the browser's part of Dash calls a callback of the server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask.testing import FlaskClient

Json = dict[str, Any]


def server_callbacks(client: FlaskClient) -> Iterator[Json]:
    """Yield what Dash knows of each callback that runs on the server."""
    known: Any = client.get("/_dash-dependencies").json
    for each in known:
        if not each["clientside_function"]:
            yield each


def callback_of(client: FlaskClient, output_id: str) -> Json:
    """Return what Dash knows of the one callback that has this output."""
    output = rf"(^|\.){output_id}\."
    (found,) = [each for each in server_callbacks(client) if re.search(output, each["output"])]
    return found


def envelope(callback: Json, *values: Any) -> Json:
    """Return the body that calls a callback with the values of its inputs and states, in order."""
    names = callback["output"].strip(".").split("...")
    outputs = [dict(zip(("id", "property"), name.split("."))) for name in names]
    places = [*callback["inputs"], *callback["state"]]
    assert len(places) == len(values)
    given = [{**place, "value": value} for place, value in zip(places, values)]
    n_inputs = len(callback["inputs"])
    return {
        "output": callback["output"],
        "outputs": outputs if callback["output"].startswith("..") else outputs[0],
        "inputs": given[:n_inputs],
        "state": given[n_inputs:],
        "changedPropIds": [f"{given[0]['id']}.{given[0]['property']}"],
    }
