"""Check an imported log: each operation must follow from the operations before it.

The check is a fold over the log that counts points and trains nothing. Its memory is linear in the
size of the log. So is its time, but for undo and redo, which follow all that they move over.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from dash_app.errors import StateError
from dash_app.journal.fold import example_after, retrains
from dash_app.records.operations import (
    ADD,
    CLEAR,
    NODE_KINDS,
    NOTE,
    REMOVE,
    ROOT,
    TRAIN,
    UNDO,
    Operation,
    Played,
    Settings,
)
from dash_app.records.versions import ONLINE, SCRATCH

MAX_MOVES = 10_000_000
"""Operations that all undos and redos of a log may move over; following them takes 4 to 7 s."""


@dataclass(frozen=True)
class Node:
    """The state that the log implies at one node.

    Attributes
    ----------
    before : the parent node; None for the new session
    online : the node whose operation trained its online model; None without a model
    """

    seq: int
    before: Optional[Node]
    settings: Settings
    depth: int = 0
    era: int = ROOT
    decay: float = 0.0
    n_points: int = 0
    online: Optional[int] = None
    example: Optional[Played] = None


@dataclass
class Folded:
    """The fold so far; `nodes` are by sequence number."""

    nodes: dict[int, Node]
    head: Node
    tip: int = ROOT
    n_models: int = 0
    n_moves: int = 0

    def moved_over(self, path: Sequence[Node], seq: int) -> None:
        """Count the nodes of an undo or a redo; StateError if those of all are too many."""
        self.n_moves += len(path)
        if self.n_moves > MAX_MOVES:
            raise StateError(
                f"expected undo and redo over at most {MAX_MOVES:,} operations in all, got more at "
                f"operation {seq}"
            )


def fold_log(settings: Settings, operations: Sequence[Operation]) -> Folded:
    """Fold the log and check each operation.

    Raises
    ------
    StateError : an operation does not follow from the operations before it
    """
    root = Node(ROOT, None, settings)
    folded = Folded({ROOT: root}, root)
    active = _Active()
    undone: list[Node] = []
    revisions = [root]
    keys: set[str] = set()
    for seq, operation in enumerate(operations, start=1):
        _expect(seq, "seq", seq, operation.seq)
        _expect(seq, "parent", folded.head.seq, operation.parent)
        if operation.kind in NODE_KINDS:
            node = _grown(folded.head, operation)
            active.apply(operation)
            folded.nodes[seq], folded.head, folded.tip = node, node, seq
            undone.clear()
        elif operation.kind == UNDO:
            earliest = _earliest_undone(folded.head, operation)
            if folded.head.before is None or earliest.before is None:
                raise StateError(f"expected something to undo at operation {seq}")
            undone.append(folded.head)
            back = _between(earliest.before, folded.head)
            folded.moved_over(back, seq)
            for node in reversed(back):
                active.take_back(operations[node.seq - 1])
            folded.head = earliest.before
        elif operation.kind not in (TRAIN, NOTE):
            _expect(
                seq, "target", undone[-1].seq if undone else None, operation.change.detail["target"]
            )
            again = _between(folded.head, undone[-1])
            folded.moved_over(again, seq)
            for node in again:
                active.apply(operations[node.seq - 1])
            folded.head = undone.pop()
        _check_version(operation, folded, revisions)
        head = folded.head
        _expect(seq, "head", head.seq, operation.head)
        _expect(seq, "tip", folded.tip, operation.tip)
        _expect(seq, "n_points", head.n_points, operation.n_points)
        _expect(seq, "n_models", folded.n_models, operation.n_models)
        if operation.idempotency_key is not None:
            if operation.idempotency_key in keys:
                raise StateError(f"expected an idempotency_key of its own at operation {seq}")
            keys.add(operation.idempotency_key)
        revisions.append(head)
    return folded


def _expect(seq: int, name: str, expected: Any, came: Any) -> None:
    if expected != came:
        raise StateError(f"expected {name} {expected} at operation {seq}, got {came}")


def _earliest_undone(head: Node, operation: Operation) -> Node:
    """Return the earliest node that an undo takes back: the head, or the start of its example.

    With a number of points it is the one above the newest earlier node with that many.
    """
    target = operation.change.detail["target"]
    if "n_points" in operation.change.detail:
        earliest = _above_size(head, operation.change.detail["n_points"])
        _expect(operation.seq, "target", None if earliest is None else earliest.seq, target)
        assert earliest is not None
        return earliest
    if head.example is None or target != head.example.start:
        _expect(operation.seq, "target", head.seq, target)
        return head
    node: Optional[Node] = head
    while node is not None and node.seq != target:
        node = node.before
    assert node is not None  # the example began on the path to the head
    return node


def _above_size(head: Node, n_points: int) -> Optional[Node]:
    node = head
    while node.before is not None and node.before.n_points != n_points:
        node = node.before
    return None if node.before is None else node


def _between(ancestor: Node, node: Node) -> list[Node]:
    """Return the nodes below `ancestor` on the path to `node`, oldest first."""
    path: list[Node] = []
    while node.seq != ancestor.seq:
        path.append(node)
        assert node.before is not None
        node = node.before
    return path[::-1]


def _grown(head: Node, operation: Operation) -> Node:
    """Return the node that the operation creates; `_Active` checks its points."""
    seq, change = operation.seq, operation.change
    size = 0 if change.points is None else change.points.size
    example = example_after(head.example, head.settings, change, seq)
    play = change.detail.get("play") if change.points is not None else None
    if play is not None and (example is None or example.last != seq or change.kind != ADD):
        raise StateError(f"expected an example that operation {seq} is a part of")
    node = replace(head, seq=seq, before=head, depth=head.depth + 1, example=example)
    half_life = head.settings.half_life
    if change.kind == ADD:
        decay = head.decay if half_life is None else head.decay + size / half_life
        return replace(node, n_points=head.n_points + size, decay=decay, online=seq)
    if change.kind == REMOVE:
        if half_life is not None or head.decay > 0:
            raise StateError(f"expected no half-life where operation {seq} removes points")
        n_points = head.n_points - size
        return replace(node, n_points=n_points, online=seq if n_points else None)
    if change.kind == CLEAR:
        settings = replace(head.settings, **change.detail.get("settings", {}))
        return replace(node, settings=settings, n_points=0, decay=0.0, era=seq, online=None)
    node = replace(node, settings=replace(head.settings, **change.detail))
    if not retrains(change):
        return node
    return replace(node, online=seq if head.n_points else None)


def _check_version(operation: Operation, folded: Folded, revisions: Sequence[Node]) -> None:
    seq, version, head = operation.seq, operation.version, folded.head
    is_train = operation.kind == TRAIN
    has_version = is_train or (operation.kind in NODE_KINDS and head.online == seq)
    if (version is not None) != has_version:
        raise StateError(f"expected {'a' if has_version else 'no'} version at operation {seq}")
    if version is None:
        _expect(seq, "era", head.era, operation.era)
        return
    folded.n_models += 1
    _expect(seq, "version.number", folded.n_models, version.number)
    _expect(seq, "version.kind", SCRATCH if is_train else ONLINE, version.kind)
    _expect(seq, "version.created_at", operation.created_at, version.created_at)
    trained_on = head
    if is_train:
        if not 1 <= version.revision < seq:
            raise StateError(
                f"expected 1 <= version.revision < {seq} at operation {seq}, got {version.revision}"
            )
        trained_on = revisions[version.revision]
        _expect(seq, "detail.era", trained_on.era, operation.change.detail["era"])
    else:
        _expect(seq, "version.revision", seq, version.revision)
    _expect(seq, "era", trained_on.era, operation.era)
    _expect(seq, "version.n_points", trained_on.n_points, version.n_points)
    n_components = trained_on.settings.n_components
    _expect(seq, "n_components of the mixture", n_components, version.mixture.n_components)
    if trained_on.n_points == 0 or not math.isfinite(version.objective):
        raise StateError(f"expected points that the model of operation {seq} was trained on")


class _Active:
    """Counts how often each value is active at the head. A change costs O(its points)."""

    def __init__(self) -> None:
        self._counts: Counter[float] = Counter()
        self._cleared: dict[int, Counter[float]] = {}

    def apply(self, operation: Operation) -> None:
        if operation.kind == CLEAR:
            self._cleared[operation.seq] = self._counts
            self._counts = Counter()
        elif operation.change.points is not None:
            self._change(operation, operation.kind == ADD)

    def take_back(self, operation: Operation) -> None:
        if operation.kind == CLEAR:
            self._counts = self._cleared.pop(operation.seq)
        elif operation.change.points is not None:
            self._change(operation, operation.kind == REMOVE)

    def _change(self, operation: Operation, adds: bool) -> None:
        assert operation.change.points is not None
        changed = Counter(operation.change.points.tolist())
        if adds:
            self._counts.update(changed)
            return
        for x, count in changed.items():
            left = self._counts[x] - count
            if left < 0:
                raise StateError(f"expected active points to remove at operation {operation.seq}")
            if left:
                self._counts[x] = left
            else:
                del self._counts[x]
