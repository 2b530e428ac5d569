"""Kill the server with SIGKILL while clients write, then check the stored points.

Every acknowledged point must be stored exactly once and in order.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dash_app.config import Config
from dash_app.sessions import Sessions
from dash_app.store import Store
from testbed.serving import Server

_PATIENCE_S = 30.0
"""Longest wait for one acknowledgement, seconds."""

_SPAN = 1_000_000
"""Client c sends the points c * _SPAN, c * _SPAN + 1, and so on. So a point tells its client and
its place in the order."""


@dataclass
class CrashRound:
    """Numbers of points in one round: acknowledged, and of these lost, doubled or disordered."""

    n_acknowledged: int
    n_lost: int
    n_doubled: int
    n_disordered: int


@dataclass
class _Client:
    """Writes points until the server is killed, and records the acknowledged ones.

    Each acknowledgement releases `counted`, which all clients of a round share.
    """

    number: int
    address: str
    counted: threading.Semaphore
    acknowledged: list[int] = field(default_factory=list)

    def write(self, port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        sent = 0
        try:
            while True:
                point = self.number * _SPAN + sent
                body = json.dumps({"x": [point]})
                headers = {"Content-Type": "application/json"}
                connection.request("POST", f"{self.address}/points", body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    self.acknowledged.append(point)
                    self.counted.release()
                sent += 1
        except (OSError, http.client.HTTPException):
            return  # killed
        finally:
            connection.close()


def crash_round(
    server: Server,
    *,
    n_clients: int,
    after: int,
    before_kill: Callable[[Server], None] = lambda _: None,
) -> CrashRound:
    """Let clients write to two new sessions, kill the server, and check the stored points.

    The server is killed when it has acknowledged `after` points, while the clients still write.
    `before_kill` is called with it at that time.
    """
    try:
        addresses = [server.new_session(n_components=1) for _ in range(2)]
        counted = threading.Semaphore(0)
        clients = [_Client(number, addresses[number % 2], counted) for number in range(n_clients)]
        threads = [threading.Thread(target=each.write, args=(server.port,)) for each in clients]
        for thread in threads:
            thread.start()
        for _ in range(after):
            if not counted.acquire(timeout=_PATIENCE_S):
                raise AssertionError(f"no point was acknowledged for {_PATIENCE_S} s")
        before_kill(server)
    finally:
        server.kill()
    for thread in threads:
        thread.join()
    return _compare(server.data_dir, addresses, clients)


def _compare(data_dir: Path, addresses: list[str], clients: list[_Client]) -> CrashRound:
    config = Config(data_dir=data_dir)
    sessions = Sessions(Store(config.store_url), config)
    n_lost = n_doubled = n_disordered = 0
    for address in addresses:
        held = sessions.points(address.rpartition("/")[2]).astype(int).tolist()
        n_doubled += len(held) - len(set(held))
        for client in clients:
            if client.address != address:
                continue
            own = [point for point in held if point // _SPAN == client.number]
            n_lost += len(set(client.acknowledged) - set(own))
            n_disordered += sum(a >= b for a, b in zip(own, own[1:]))
    sessions.close()
    n_acknowledged = sum(len(client.acknowledged) for client in clients)
    return CrashRound(n_acknowledged, n_lost, n_doubled, n_disordered)
