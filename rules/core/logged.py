"""Decides how the versions of one subject lie in its log: what the first says of the case is not written again.

Every fact ends with what any event of its stream may say: the item, the region, who is responsible, who acted, for
whom. Events of one case mostly say the same there, and it is half of what is written.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from rules.model.events import TYPES, Fact, decode_log, encode_fact, stream_of
from rules.model.inspection import Action
from rules.model.service import Case

SAME = b"\xc1" * 9
"""Stands for the end of the first entry. The byte begins no value of msgpack and is in no text: only a number holds it,
and at most eight times in a row."""
_encode = msgspec.msgpack.Encoder().encode


def _common(stream: str, struct: type[Struct]) -> tuple[str, ...]:
    """The fields with which every fact of a stream ends."""
    fields = struct.__struct_fields__
    kinds = [kind for kind in TYPES.values() if kind.stream == stream]
    return tuple(field for field in fields if all(field in kind.judged for kind in kinds))


COMMON = {"service": _common("service", Case), "inspection": _common("inspection", Action), "": ()}


def first_entry(fact: Fact) -> tuple[bytes, int]:
    """The first version as it is written, and with how many of its bytes others may end too."""
    entry = encode_fact(fact)
    values = [getattr(fact, field) for field in COMMON[stream_of(fact)]]
    common = _encode(values)[1:] if len(values) < 16 else b""
    return entry, len(common) if len(common) > len(SAME) and entry.endswith(common) else 0


def further_entry(fact: Fact, common: bytes) -> bytes:
    """A further version, without `common` where it ends so."""
    entry = encode_fact(fact)
    return entry[: -len(common)] + SAME if common and entry.endswith(common) else entry


def versions_in(log: bytes, count: int, common: bytes) -> list[Fact]:
    """The `count` versions of a log in the order of arrival."""
    return decode_log(count, log.replace(SAME, common) if common else log)
