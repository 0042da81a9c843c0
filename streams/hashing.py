"""Decides how a personal identifier looks inside the system: a keyed hash with its key id, `k1:…`."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from rules.model.fields import HASHED

DEVELOPMENT_KEY_ID = "k0"
DEVELOPMENT_KEY = b"mingjing development key: known to everybody, protects nobody"
DEFAULT_KEY_ID = "k1"
NAMED_KEY = re.compile(rb"(k[1-9][0-9]*):(.+)", re.DOTALL)
SHORTEST_KEY = 16

DEVELOPMENT_NOTE = (
    "WARNING 警告: MINGJING_HASH_KEY is not set. Personal identifiers are hashed with the public "
    "development key (k0), which protects nobody: for trials on this machine only.\n"
    "未设置 MINGJING_HASH_KEY，个人标识用公开的开发密钥散列，只可用于本机试验。"
)


class KeyMissing(Exception):
    """No hash key where one is required, or one that is too short to protect anything."""

    exit_status = 2


class Hasher:
    """Keyed blake2b-128 of a stripped text; the same text and key give the same hash, to group by."""

    def __init__(self, key_id: str, key: bytes) -> None:
        self.key_id = key_id
        secret = key if len(key) <= 64 else blake2b(key).digest()
        prefix = f"{key_id}:"

        @lru_cache(maxsize=100_000)
        def hashed(text: str) -> str:
            text = text.strip()
            if not text or HASHED.match(text):
                return text
            return prefix + blake2b(text.encode(), digest_size=16, key=secret).hexdigest()

        self.hashed = hashed

    def __call__(self, text: str) -> str:
        return self.hashed(text)

    @property
    def for_trials_only(self) -> bool:
        return self.key_id == DEVELOPMENT_KEY_ID


def hasher_of(key: bytes | None, *, trial: bool) -> Hasher:
    """The hasher of a configured key, written `secret` or `k2:secret`. Raises KeyMissing.

    Without a key a trial (one machine, nothing leaves it) gets the development key; anything else is refused.
    """
    if key is None:
        if not trial:
            raise KeyMissing("set MINGJING_HASH_KEY (or MINGJING_HASH_KEY_FILE): identifiers are hashed at the edge")
        return Hasher(DEVELOPMENT_KEY_ID, DEVELOPMENT_KEY)
    named = NAMED_KEY.fullmatch(key)
    key_id, secret = (named[1].decode(), named[2]) if named else (DEFAULT_KEY_ID, key)
    if len(secret) < SHORTEST_KEY:
        raise KeyMissing(f"the hash key has {len(secret)} bytes; {SHORTEST_KEY} are the least")
    return Hasher(key_id, secret)
