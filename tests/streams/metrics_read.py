"""Reads a page of metrics as Prometheus would."""

import re
import urllib.request
from pathlib import Path

SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (-?[\d.e+]+)")
SHOWN = re.compile(r"metrics: (http://127\.0\.0\.1:\d+/metrics)")

Read = dict[str, dict[str, float]]


def read(page: str) -> Read:
    """name → labels as they are written → value; every line is a sample or a comment."""
    found: Read = {}
    for line in page.splitlines():
        if not line.startswith("# "):
            sample = SAMPLE.fullmatch(line)
            assert sample is not None, line
            found.setdefault(sample[1], {})[sample[2] or ""] = float(sample[3])
    return found


def asked(address: str) -> str:
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return str(answer.read().decode())


def told_by(log: Path) -> Read:
    """What the process tells that wrote its address to this log last; nothing before it did."""
    addresses = SHOWN.findall(log.read_text(encoding="utf-8"))
    return read(asked(addresses[-1])) if addresses else {}
