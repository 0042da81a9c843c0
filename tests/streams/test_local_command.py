"""`mingjing local` and `mingjing doctor` on real servers; what they start ends with them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.local import ports
from streams.settings import ROOT

pytestmark = [pytest.mark.broker, pytest.mark.warehouse]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "MINGJING_STATE": str(tmp_path / "state"),
        "KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{ports.free()}",
        "CLICKHOUSE_URL": f"clickhouse://default:@127.0.0.1:{ports.free()}/default",
        "MINGJING_CONSOLE_PORT": str(ports.free()),
    }


@pytest.fixture
def mingjing(environ: dict[str, str]) -> Run:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "streams.cli.main", *arguments],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def processes_naming(text: str) -> list[str]:
    """Command lines of live processes that name `text`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def test_both_servers_go_up_behind_the_terminal_and_down_without_a_trace(
    mingjing: Run, environ: dict[str, str]
) -> None:
    assert mingjing("local", "status").returncode == 3
    up = mingjing("local", "up", "--detach")
    try:
        assert up.returncode == 0, up.stderr
        assert f"KAFKA_BOOTSTRAP_SERVERS={environ['KAFKA_BOOTSTRAP_SERVERS']}" in up.stdout
        assert mingjing("local", "status").returncode == 0
        assert "already running" in mingjing("local", "up").stdout
        doctor = mingjing("doctor", "--json")
        findings = {each["subject"]: each for each in map(json.loads, doctor.stdout.splitlines())}
        assert doctor.returncode == 0, doctor.stdout
        assert findings["Kafka"]["state"] == findings["ClickHouse"]["state"] == "ok"
    finally:
        down = mingjing("local", "down")
    assert down.returncode == 0
    assert processes_naming(environ["MINGJING_STATE"]) == []


def test_the_doctor_says_what_to_do_about_servers_that_do_not_answer(mingjing: Run) -> None:
    said = mingjing("doctor", "--json")
    assert said.returncode == 3
    silent = [each for each in map(json.loads, said.stdout.splitlines()) if each["state"] == "unreachable"]
    assert [each["subject"] for each in silent] == ["Kafka", "ClickHouse"]
    assert all("mingjing local up" in each["remedy"] for each in silent)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's word that a parent has died is Linux's own")
def test_a_broker_does_not_outlive_a_parent_that_was_killed(tmp_path: Path, jar_cache: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom streams.local.broker import Broker\n"
        f"broker = Broker(Path({str(tmp_path)!r}), cache=Path({str(jar_cache)!r}))\n"
        "broker.start()\nprint(broker.pid, flush=True)\nsys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        watched = os.pidfd_open(pid)
        parent.kill()
    import select

    readable, _, _ = select.select([watched], [], [], 30)
    os.close(watched)
    assert readable, "the broker is still there"
