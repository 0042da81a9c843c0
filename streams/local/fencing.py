"""Decides what must happen before a killed broker may start again: its old life is declared dead first.

A single node that comes back within the session time-out still leads its partitions on paper. It then
resumes the transactions that were decided but not yet marked, loses that leadership a moment later,
takes the partitions for deleted ("Couldn't find leader endpoint ... can be skipped") and never writes
their markers: committed records stay invisible to every reader of committed records, for ever (Kafka
4.3.1, seen in one of three kills right after a commit). The controller alone, run until it has fenced
the old registration, takes the ambiguity away.
"""

import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

from streams.local import children, ports

FENCED = "because its session has timed out"
PATIENCE = 10.0
"""Seconds; a broker that was killed before it was ever admitted has nothing to be fenced from."""

ALONE = """\
process.roles=controller
broker.heartbeat.interval.ms=100
broker.session.timeout.ms=300
"""
REPLACED = (
    "process.roles",
    "broker.heartbeat",
    "broker.session",
    "listeners=",
    "advertised.",
    "inter.broker.",
    "controller.quorum",
)


def was_killed(logs: Path) -> bool:
    """A broker that was stopped in order leaves a mark; one that never ran has no folder."""
    return (logs / "meta.properties").exists() and not (logs / ".kafka_cleanshutdown").exists()


def properties(broker: str) -> str:
    """The broker's properties, turned into those of its controller alone."""
    address = f"{ports.LOOPBACK}:{ports.free()}"
    kept = [line for line in broker.splitlines() if not line.startswith(REPLACED)]
    own = f"listeners=CONTROLLER://{address}\ncontroller.quorum.voters=1@{address}\n"
    return "\n".join(kept) + "\n" + ALONE + own


def fence(java: Sequence[str], broker: Path) -> None:
    """Runs the controller over the broker's folder until the old registration is fenced."""
    target = broker.with_name("fencing.properties")
    target.write_text(properties(broker.read_text(encoding="utf-8")), encoding="utf-8")
    with subprocess.Popen(
        [*java, "kafka.Kafka", str(target)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=children.tie(),
    ) as controller:
        limit = threading.Timer(PATIENCE, controller.terminate)
        limit.start()
        assert controller.stdout is not None
        try:
            for line in controller.stdout:
                if FENCED in line:
                    controller.terminate()
        except BaseException:
            controller.kill()
            raise
        finally:
            limit.cancel()
