"""The console in a real Chromium: alerts as they come, one alert with its clock, nothing from afar."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest

from rules.model.alerts import Alert, Clock, Evidence, Text, alert_json, clock_json, identity
from rules.model.events import decode_message, to_event
from rules.model.times import next_midnight, parse_time
from streams.settings import ROOT
from streams.topics import ALERTS, CLOCKS, Names, create, plan
from tests.streams import metrics_read
from tests.waiting import PATIENCE
from warehouse import migrations, rows
from warehouse.writer import Writer

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.warehouse, pytest.mark.slow]

SUBJECT = "5101072026030200017"
EVIL = '<script>window.pwned = 1</script><img src=x onerror="window.pwned = 2">\'`${1}{{ 7*7 }}'
OCCASION = ("handling-system", "e3")


def at(text: str) -> int:
    return parse_time(f"{text}+08:00")


def alert(**given: Any) -> Alert:
    made: dict[str, Any] = {
        "revision": 1,
        "rule": "T03",
        "subject": SUBJECT,
        "stream": "service",
        "severity": "red_card",
        "reason": "still_open",
        "at": at("2026-04-15T00:00:00"),
        "due_date": date(2026, 4, 14),
        "due_at": next_midnight(date(2026, 4, 14), "Asia/Shanghai"),
        "occasion": OCCASION,
        "department": "行政审批局",
        "region": "510107",
        "evidence": (Evidence("handling-system", "e3", at("2026-03-02T09:12:00"), "ab" * 16),),
        "evidence_total": 1,
    } | given
    subject = made["subject"]
    made["message"] = Text(f"{subject} 已超法定时限", f"{subject} is past its legal limit")
    return Alert(alert_id=identity(made["rule"], "", subject, *made["occasion"]), **made)


CLOCK = Clock(
    clock_id=identity("handling", SUBJECT),
    revision=4,
    rule="T03",
    clock="handling",
    subject=SUBJECT,
    stream="service",
    occasion=OCCASION,
    region="510107",
    start_at=at("2026-03-02T09:12:00"),
    start_date=date(2026, 3, 2),
    unit="workdays",
    limit=20,
    paused=10,
    used=24,
    left=-4,
    due_date=date(2026, 4, 14),
    due_at=next_midnight(date(2026, 4, 14), "Asia/Shanghai"),
    stopped_at=at("2026-04-20T16:30:00"),
    state="ended",
    in_time=False,
    as_of=at("2026-04-20T16:30:00"),
)


def event(key: str, named: str, time: str, **data: Any) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": key,
            "source": "handling-system",
            "type": named,
            "time": f"{time}+08:00",
            "subject": SUBJECT,
            "recordedat": f"{time}+08:00",
            "receivedat": f"{time}+08:00",
            "data": {"task_code": "permit-20", "region": "510107", **data},
        }
    ).encode()


HISTORY = (
    event("e3", "case.accepted", "2026-03-02T09:12:00", office="一窗受理"),
    event(
        "e5",
        "case.suspended",
        "2026-03-04T10:00:00",
        procedure_id="p1",
        kind="testing",
        notice_no="17",
        approved_days=10,
    ),
    event("e7", "case.decided", "2026-04-20T16:30:00", result="granted"),
)


@dataclass
class Console:
    """A console process of this test, its topics and its warehouse."""

    url: str
    broker: str
    names: Names
    warehouse: str

    def publish(self, topic: str, *lines: bytes) -> None:
        from kafka import KafkaProducer

        producer = KafkaProducer(bootstrap_servers=self.broker)
        for line in lines:
            producer.send(self.names.of(topic), line).get(30)
        producer.close()


@contextmanager
def console_at(broker: str, names: Names, warehouse: str) -> Iterator[Console]:
    """Runs `mingjing console` on a free port; ends it as a supervisor would, and expects it to end well."""
    environment = {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": broker,
        "CLICKHOUSE_URL": warehouse,
        "MINGJING_TOPIC_PREFIX": names.prefix,
        "MINGJING_APP": names.app,
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-m", "streams.cli.main", "console", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/", told)
        assert found, f"no address in {told!r}"
        yield Console(found[0], broker, names, warehouse)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def console(broker: str, names: Names, warehouse_url: str) -> Iterator[Console]:
    create(broker, [each for each in plan(names, 2) if each.name in (names.of(ALERTS), names.of(CLOCKS))])
    with console_at(broker, names, warehouse_url) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium that keeps a log of every request it makes."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("no Chromium here: install chromium and chromium-driver (.ci/run does)")
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for each in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--window-size=1500,1000",
    ):
        options.add_argument(each)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    running = webdriver.Chrome(options=options, service=Service(driver))
    yield running
    running.quit()


def awaited(chromium: Any, script: str, seconds: float = PATIENCE) -> Any:
    """What a JavaScript expression gives as soon as it gives something."""
    from selenium.webdriver.support.wait import WebDriverWait

    return WebDriverWait(chromium, seconds, poll_frequency=0.05).until(
        lambda page: page.execute_script(f"return {script}"), script
    )


def all_text(selector: str) -> str:
    return f"[...document.querySelectorAll('{selector}')].map(each => each.innerText).join('|')"


def requested(chromium: Any) -> set[str]:
    """The addresses of every request and every socket since the log was last read."""
    found: set[str] = set()
    for entry in chromium.get_log("performance"):
        told = json.loads(entry["message"])["message"]
        if told["method"] == "Network.requestWillBeSent":
            found.add(told["params"]["request"]["url"])
        elif told["method"] == "Network.webSocketCreated":
            found.add(told["params"]["url"])
    return found


def abroad(addresses: set[str], home: str) -> set[str]:
    host = home.removeprefix("http://")
    at_home = (f"http://{host}", f"ws://{host}", "data:", "blob:", "about:", "chrome:")
    return {each for each in addresses if not each.startswith(at_home)}


def test_an_alert_is_seen_as_it_comes_and_opened_with_its_clock_in_both_languages(
    console: Console, chromium: Any
) -> None:
    migrations.migrate(console.warehouse)
    landed = [rows.Landed(message := decode_message(each), to_event(message)) for each in HISTORY]
    writer = Writer(console.warehouse)
    writer.insert("event_versions", rows.columns(rows.EVENT_COLUMNS, [rows.event_row(each) for each in landed]))
    requested(chromium)
    chromium.get(console.url)
    awaited(chromium, "document.querySelector('.empty')?.innerText.includes('尚无告警')")

    opened = alert()
    console.publish(ALERTS, alert_json(opened), alert_json(alert(subject=EVIL, rule="T02", severity="yellow_card")))
    console.publish(CLOCKS, clock_json(CLOCK))
    row = f"document.querySelector('tr[data-alert=\"{opened.alert_id}\"]')"
    assert "已超法定时限" in awaited(chromium, f"{row}?.innerText")
    assert "初步" in awaited(chromium, f"{row}.querySelector('.c-state').innerText")
    assert awaited(chromium, f"getComputedStyle({row}.querySelector('.tag')).backgroundColor") == "rgb(245, 34, 45)"
    assert EVIL in awaited(chromium, all_text(".c-subject"))
    told = metrics_read.read(metrics_read.asked(f"{console.url}metrics"))
    assert told["mingjing_console_alerts"] == {"": 2}
    assert told["mingjing_console_link_up"] == {'server="kafka"': 1, 'server="warehouse"': 1}

    console.publish(ALERTS, alert_json(alert(revision=2, state="ended", reason="closed_late", settled=True)))
    awaited(chromium, f"{row}.className.includes('state-ended') && !{row}.innerText.includes('初步')")

    awaited(chromium, f"{row}.querySelector('.c-subject a')").click()
    assert "已超法定时限" in awaited(chromium, "document.querySelector('h1')?.innerText")
    assert awaited(chromium, "document.querySelector('.days td.due')?.title").startswith("2026-04-14")
    awaited(chromium, "document.querySelectorAll('.days td.paused').length == 14")
    assert awaited(chromium, "document.querySelectorAll('.days td.beyond.worked').length") == 4
    assert awaited(chromium, "document.querySelectorAll('.days td.counted').length") == 20
    assert awaited(chromium, "document.querySelector('.days td.stopped').title").startswith("2026-04-20")
    assert "特别程序开始" in awaited(chromium, all_text(".timeline td"))
    assert awaited(chromium, "document.querySelectorAll('.revisions tbody tr').length") == 2

    chromium.find_element("css selector", ".switch[lang]").click()
    assert "past its legal limit" in awaited(chromium, "document.querySelector('h1')?.innerText")
    assert "The clock, day by day" in awaited(chromium, all_text("h2"))
    assert "Special procedure begins" in awaited(chromium, all_text(".timeline td"))
    assert chromium.current_url.endswith(f"/alert/{opened.alert_id}?lang=en")
    assert chromium.execute_script("return document.documentElement.lang").startswith("en")

    asked = requested(chromium)
    assert any(each.startswith("ws://") for each in asked) and abroad(asked, console.url) == set()
    assert chromium.execute_script("return window.pwned === undefined")
    assert [each for each in chromium.get_log("browser") if each["level"] == "SEVERE"] == []


def test_filters_narrow_the_queue_and_stand_in_the_address(console: Console, chromium: Any) -> None:
    migrations.migrate(console.warehouse)
    console.publish(
        ALERTS,
        *(
            alert_json(alert(subject=f"A{n}", severity="notice" if n % 2 else "red_card", rule=f"T0{n}"))
            for n in range(1, 5)
        ),
        alert_json(alert(subject="A9", state="withdrawn")),
    )
    chromium.get(console.url)
    shown = f"{all_text('.c-subject')}.split('|').sort().join(' ')"
    awaited(chromium, f"{shown} == 'A1 A2 A3 A4 A9'")
    assert awaited(chromium, "document.querySelector('tr.state-withdrawn .c-message')?.innerText").startswith("A9")
    chromium.find_element("css selector", "[data-code=notice]").click()
    awaited(chromium, f"{shown} == 'A1 A3'")
    assert "severity=notice" in awaited(chromium, "location.search")
    chromium.find_element("css selector", ".search input").send_keys("a3")
    awaited(chromium, f"{shown} == 'A3'")
    chromium.refresh()
    awaited(chromium, f"{shown} == 'A3'")
    chromium.find_element("css selector", ".quiet-button").click()
    awaited(chromium, f"{shown} == 'A1 A2 A3 A4 A9'")


def test_what_cannot_be_reached_is_said_and_the_banner_goes_by_itself(
    broker: str, names: Names, warehouse_url: str, chromium: Any
) -> None:
    bars = all_text(".bar")
    with console_at(broker, names, warehouse_url) as console:
        chromium.get(f"{console.url}?lang=en")
        awaited(chromium, f"{bars}.includes('Kafka') && {bars}.includes('warehouse cannot be reached')")
        create(broker, [each for each in plan(names, 2) if each.name in (names.of(ALERTS), names.of(CLOCKS))])
        migrations.migrate(warehouse_url)
        awaited(chromium, f"{bars} == ''")
        chromium.get(f"{console.url}alert/{'ab' * 16}?lang=en")
        assert "no such alert" in awaited(chromium, "document.querySelector('h1')?.innerText")


def test_the_console_says_which_port_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "streams.cli.main", "console", "--port", port]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert said.returncode == 3 and f"port {port}" in said.stderr and "--port N" in said.stderr
