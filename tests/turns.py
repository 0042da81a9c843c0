"""Decides how the tests are shared out to processes: what needs a server in one of them, the rest file by file."""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).resolve().parent.parent
SERVERS = {"browser": "browser", "broker": "kafka", "warehouse": "warehouse", "airflow": "warehouse"}
"""Files of one folder with these marks stay together: their process starts the server once, for all of them."""


@cache
def turn_of(file: str) -> tuple[int, str]:
    """When a file has its turn, and with which others: servers first, then files with slow tests, then the rest.

    A file stays whole, so what it makes for all of its tests is made once.
    """
    text = (ROOT / file).read_text(encoding="utf-8")
    for place, (mark, server) in enumerate(SERVERS.items()):
        if f"mark.{mark}" in text:
            return place, f"{server} for {Path(file).parent}"
    return len(SERVERS) + ("mark.slow" not in text), file


class Turns(LoadScopeScheduling):  # type: ignore[misc]
    """xdist's scheduler of whole scopes, by turns."""

    def _split_scope(self, nodeid: str) -> str:
        return turn_of(nodeid.partition("::")[0])[1]
