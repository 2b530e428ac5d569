"""The key that signs cookies: a private file in the data directory, created once."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Union

from dash_app import private_files
from dash_app.errors import StoreError

_N_BYTES = 32


def signing_key(data_dir: Path) -> bytes:
    """Return the key of 32 random bytes; create its file (mode 0600) if there is none.

    Raises
    ------
    StoreError : the directory cannot be written, or the file is not a key
    """
    path = data_dir / "signing.key"
    try:
        private_files.make_directory(data_dir)
        if not path.exists():
            _make(path)
        private_files.close_to_others(path)
        key = path.read_bytes()
    except OSError as error:
        raise StoreError(f"the data directory {data_dir} cannot be used: {error}") from error
    if len(key) != _N_BYTES:
        raise StoreError(f"expected a key of {_N_BYTES} bytes in {path}, got {len(key)}")
    return key


def cookie_name(data_dir: Path) -> str:
    """Return a cookie name specific to the data directory, because all ports share cookies."""
    digest = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()
    return f"gmm_session_{digest[:12]}"


def derived_id(key: Union[str, bytes, None], text: str) -> str:
    """Return 128 bits in hexadecimal, which cannot be guessed without the key and the text."""
    if not isinstance(key, bytes):
        raise RuntimeError("expected the key that `signing_key` returned")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def _make(path: Path) -> None:
    # write a draft and link it: if several processes start at once, the first key stays, and no
    # process reads an incomplete key
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_N_BYTES))
        if not path.exists():
            try:
                os.link(draft, path)
            except FileExistsError:
                return
    finally:
        draft.unlink()
