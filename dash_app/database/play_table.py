"""The table of examples that are played or paused. Processes share their status here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Optional

import sqlalchemy as sa

from dash_app.database import schema
from dash_app.database.engine import writing

_plays = schema.plays

PLAYING, PAUSED = "playing", "paused"


@dataclass(frozen=True)
class PlayRecord:
    """One row; `token` names the thread that plays, `start` the example's first node."""

    session_id: str
    token: str
    start: int
    status: str
    heartbeat_at: float


class PlayTable:
    """Reads and writes the rows; a session has at most one."""

    def __init__(self, engine: sa.Engine, reader: sa.Engine) -> None:
        self._engine = engine
        self._reader = reader

    def put(self, record: PlayRecord) -> None:
        """Insert the row of a session, in place of an older one."""
        with writing(self._engine) as connection:
            connection.execute(sa.delete(_plays).where(_plays.c.session_id == record.session_id))
            connection.execute(sa.insert(_plays), vars(record))

    def get(self, session_id: str) -> Optional[PlayRecord]:
        """Return the row of a session."""
        found = sa.select(_plays).where(_plays.c.session_id == session_id)
        with self._reader.connect() as connection:
            row = connection.execute(found).first()
        return None if row is None else PlayRecord(**row._mapping)

    def pause(self, session_id: str) -> None:
        """Mark the row of a session as paused."""
        mine = sa.update(_plays).where(_plays.c.session_id == session_id)
        with writing(self._engine) as connection:
            connection.execute(mine.values(status=PAUSED))

    def remove(self, session_id: str, token: Optional[str] = None) -> None:
        """Delete the row of a session; with a token, only the row of that thread."""
        mine = sa.delete(_plays).where(_plays.c.session_id == session_id)
        if token is not None:
            mine = mine.where(_plays.c.token == token, _plays.c.status == PLAYING)
        with writing(self._engine) as connection:
            connection.execute(mine)

    def heartbeat(self, tokens: Sequence[str], now: float) -> None:
        """Write the heartbeat of these threads."""
        with writing(self._engine) as connection:
            connection.execute(
                sa.update(_plays).where(_plays.c.token.in_(tokens)).values(heartbeat_at=now)
            )

    def heartbeats(self) -> dict[str, float]:
        """Return the last heartbeat of each thread that plays, by token."""
        playing = sa.select(_plays.c.token, _plays.c.heartbeat_at).where(_plays.c.status == PLAYING)
        with self._reader.connect() as connection:
            return {row.token: row.heartbeat_at for row in connection.execute(playing)}

    def remove_silent(self, token: str, beat: float) -> None:
        """Delete the row of a thread whose process died, unless it has a newer heartbeat."""
        dead = sa.delete(_plays).where(_plays.c.token == token, _plays.c.heartbeat_at == beat)
        with writing(self._engine) as connection:
            connection.execute(dead)

    def statuses(self, session_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Return token and status of the sessions that have a row."""
        wanted = sa.select(_plays).where(_plays.c.session_id.in_(list(session_ids)))
        with self._reader.connect() as connection:
            found = connection.execute(wanted)
            return {row.session_id: (row.token, row.status) for row in found}
