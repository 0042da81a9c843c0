"""Decides how an example that does not hold is shown to be mended: what `expect` says, and what would stand there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from rules.testing.examples import Difference

TELLING = ("step", "at", "due_date", "reason", "severity", "value")
"""What an alert that nobody expected is known by."""
MOMENTS = ("at", "ended_at")
OFFSET = re.compile(r"([+-]\d\d:\d\d|Z)\Z")


def lines(difference: Difference) -> Iterator[str]:
    """`-` as it is written, `+` as it stands, with the keys of what it stands for: it can be pasted into `expect`."""
    yield f"{difference.file}:{difference.line}: {difference.rule}: {difference.example}"
    for written, standing in zip_longest(difference.missing, difference.extra):
        if written is not None:
            yield f"-      - {flow(written)}"
        if standing is not None:
            named = [name for name in (written or TELLING) if name in standing]
            told = {name: _local(name, standing[name]) for name in named if written or standing[name] not in (None, "")}
            yield f"+      - {flow(told)}"


def flow(said: Mapping[str, Any]) -> str:
    """A mapping as YAML in one line."""
    return f"{{{', '.join(f'{name}: {json.dumps(each, ensure_ascii=False)}' for name, each in said.items())}}}"


def _local(name: str, value: Any) -> Any:
    """A moment as examples write it: in the zone of its region, without seconds that are none."""
    if name not in MOMENTS or not isinstance(value, str):
        return value
    local = OFFSET.sub("", value)
    return local.removesuffix(":00") if len(local) == len("2026-03-02T09:00:00") else local
