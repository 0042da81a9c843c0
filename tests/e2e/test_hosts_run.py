"""`mingjing run`: everything from nothing on one machine, and nothing left behind."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local import ports
from streams.settings import ROOT
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.broker, pytest.mark.warehouse, pytest.mark.slow]

PAGE = r"console: (http://127\.0\.0\.1:\d+/)"
ALERT = r"(notice|yellow card|red card) +[A-Z]\d\d"
"""Any alert: of a flood three a second are shown, and which three is for the machine to say."""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    unset = ("KAFKA_BOOTSTRAP_SERVERS", "CLICKHOUSE_URL", "MINGJING_CLOCK", "MINGJING_TOPIC_PREFIX")
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    return kept | {"MINGJING_STATE": str(tmp_path / "state"), "MINGJING_LANGUAGE": "en", "COLUMNS": "200"}


def started(environ: dict[str, str], *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "streams.cli.main", "run", "--cases", "150", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
        cwd=ROOT,
    )


def left_behind(state: str) -> list[int]:
    """The processes whose command line or environment names a state folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if state.encode() in said and int(folder.name) != os.getpid():
            found.append(int(folder.name))
    return found


def until(process: "subprocess.Popen[str]", wanted: list[str]) -> Iterator[str]:
    """The lines of a process, until each pattern was in one of them."""
    assert process.stdout is not None
    missing = list(wanted)
    for line in process.stdout:
        yield line
        missing = [pattern for pattern in missing if not re.search(pattern, line)]
        if not missing:
            return


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_a_first_look_shows_alerts_and_a_page_and_ctrl_c_leaves_no_process(environ: dict[str, str]) -> None:
    process = started(environ, "--kafka-port", "0", "--warehouse-port", "0", "--console-port", "0")
    try:
        said = "".join(until(process, [PAGE, ALERT]))
        address = re.search(PAGE, said)
        assert address, said
        with urllib.request.urlopen(address[1], timeout=PATIENCE) as page:
            assert page.status == 200
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, rest
        assert left_behind(environ["MINGJING_STATE"]) == []
    finally:
        process.kill()


def test_a_first_look_names_every_port_that_is_taken(environ: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        kafka, console = one.getsockname()[1], other.getsockname()[1]
        free = str(ports.free())
        process = started(environ, "--kafka-port", str(kafka), "--warehouse-port", free, "--console-port", str(console))
        said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert f"port {kafka}" in said and "--kafka-port" in said
    assert f"port {console}" in said and "--console-port" in said
    assert free not in said
