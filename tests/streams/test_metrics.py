"""What the roles tell of themselves is what the page on operations says, in the form that Prometheus reads."""

import asyncio
import re
import socket

import pytest

from streams.local.ports import PortTaken
from streams.metrics.door import told
from streams.metrics.page import METRICS, Sample, written
from streams.settings import ROOT, SettingsError, from_environment
from tests.streams.metrics_read import read

ROW = re.compile(r"^\| `(mingjing_\w+)` \| (\w+) \| ([\w, ]+) \| (.*?) \| (.*) \|$", re.MULTILINE)


def test_the_page_on_operations_lists_every_metric_with_its_kind_its_role_and_its_labels() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    listed = {
        name: (kind, roles, re.findall(r"`(\w+)`", labels), says)
        for name, kind, roles, labels, says in ROW.findall(page)
    }
    assert listed == {
        name: (each.kind, ", ".join(each.roles), list(each.labels), each.says) for name, each in METRICS.items()
    }


def test_names_are_those_that_prometheus_expects() -> None:
    for name, metric in METRICS.items():
        assert name.endswith("_total") == (metric.kind == "counter"), name
        assert "timestamp" not in name or name.endswith("_timestamp_seconds"), name


def test_what_a_label_says_cannot_end_it() -> None:
    page = written("worker", [Sample("mingjing_counted_total", 2, {"what": 'a"} 9\n# \\'})])
    assert read(page) == {"mingjing_counted_total": {r'what="a\"} 9\n# \\"': 2}}


def test_a_metric_of_another_role_is_a_defect_and_not_a_line() -> None:
    with pytest.raises(KeyError):
        written("lander", [Sample("mingjing_records_total", 1)])


def test_a_port_that_is_taken_is_named() -> None:
    async def opened(port: int) -> None:
        async with told(("127.0.0.1", port), lambda: ""):
            pass

    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(PortTaken, match="MINGJING_METRICS"):
        asyncio.run(opened(other.getsockname()[1]))


@pytest.mark.parametrize(
    ("said", "meant"),
    [("", None), ("9464", ("127.0.0.1", 9464)), ("0.0.0.0:0", ("0.0.0.0", 0)), ("[::1]:9464", ("::1", 9464))],
)
def test_a_port_alone_is_one_of_this_machine(said: str, meant: tuple[str, int] | None) -> None:
    assert from_environment({"MINGJING_METRICS": said}).metrics == meant


@pytest.mark.parametrize("said", ["here", "host:", "host:99999", "-1"])
def test_what_is_no_port_is_refused(said: str) -> None:
    with pytest.raises(SettingsError, match="MINGJING_METRICS"):
        from_environment({"MINGJING_METRICS": said})
