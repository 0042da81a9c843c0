"""The page of the book: what each worker judges by, what it refused, shadows beside the live rules; absorbed alerts."""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from rules.language import load_book
from rules.model.alerts import alert_json
from rules.model.times import HOUR, iso
from streams import clock
from streams.books.published import encode_published, pack
from streams.books.reports import Report
from streams.books.shelf import Refusal
from streams.console.board import Wanted
from streams.console.comparison import comparisons
from streams.topics import ALERTS, BOOK_REPORTS, BOOKS, Names, create, plan
from tests.streams.test_console_board import alert, board_of, subjects
from tests.streams.test_console_browser import Console, all_text, awaited, chromium, console_at
from warehouse import migrations

__all__ = ["chromium"]

EVIL = "<script>window.pwned = 1</script>"


def shadow(subject: str, **given: Any) -> Any:
    return alert(subject, alert_id=f"s{subject:>031}", mode="shadow", version=2, **given)


def test_a_shadow_is_compared_with_the_live_rule_by_case_and_occasion() -> None:
    said = [
        alert("A1"), alert("A2"), alert("A3", state="withdrawn"), alert("B1", rule="T04", alert_id="b" * 32),
        shadow("A1"), shadow("A3"), shadow("A4"), shadow("A5", state="withdrawn"),
    ]  # fmt: skip
    (found,) = comparisons(said)
    assert (found.rule, found.version, found.shadow, found.live, found.both) == ("T03", 2, 3, 2, 1)
    assert {each.subject for each in found.only_shadow} == {"A3", "A4"}
    assert {each.subject for each in found.only_live} == {"A2"}


def test_an_absorbed_alert_is_told_under_the_card_that_it_joined_until_it_leaves_it() -> None:
    card = alert("A1", rule="T03")
    joined = alert("A1", rule="T02", alert_id="c" * 32, absorbed_by=card.alert_id)
    board = board_of([card, joined])
    assert subjects(board) == ["A1"] and [each.rule for each in board.absorbed(card.alert_id)] == ["T02"]
    board.take(alert_json(msgspec.structs.replace(joined, absorbed_by="", revision=2)), clock.now_us())
    assert board.absorbed(card.alert_id) == [] and board.show(Wanted()).total == 2


def report(worker: str, **given: Any) -> Report:
    made: dict[str, Any] = {
        "worker": f"mingjing/host/{worker}", "at": iso(clock.now_us()), "name": "mingjing", "hash": "ab" * 16,
        "published_at": iso(clock.now_us() - HOUR), "by": "wang.l", "pinned": False, "outdated": 0, "counted": {},
        "rules": [(rule.id, rule.version, rule.mode) for rule in load_book().rules] + [("T03", 9, "shadow")],
    }  # fmt: skip
    return Report(**made | given)


@pytest.fixture
def console(broker: str, names: Names, warehouse_url: str) -> Iterator[Console]:
    create(broker, plan(names, 2))
    migrations.migrate(warehouse_url)
    with console_at(broker, names, warehouse_url) as running:
        yield running


@pytest.mark.browser
@pytest.mark.broker
@pytest.mark.warehouse
@pytest.mark.slow
def test_the_page_of_the_book_shows_workers_what_they_refused_and_shadows(console: Console, chromium: Any) -> None:
    from kafka import KafkaProducer

    refusal = Refusal("cd" * 16, iso(clock.now_us()), ["time/T03.yaml:7:11: error[unknown-unit]: `5 workdys`", EVIL])
    good = pack(None, "mingjing", load_book().hash, "wang.l", clock.now_us())
    old = report("worker-2", at=iso(clock.now_us() - HOUR))
    producer = KafkaProducer(bootstrap_servers=console.broker)
    for each in (report("worker-0", hash=good.hash), report("worker-1", outdated=1_200, refused=refusal), old):
        topic = console.names.of(BOOK_REPORTS)
        producer.send(topic, msgspec.json.encode(each), key=each.worker.encode()).get(30)
    producer.send(console.names.of(BOOKS), encode_published(good), key=b"mingjing").get(30)
    producer.close()
    said = [alert("A1"), shadow("A1"), shadow("A4"), alert("A9")]
    console.publish(ALERTS, *(alert_json(each) for each in said))
    chromium.get(f"{console.url}books?lang=en")
    assert awaited(chromium, "document.querySelector('[data-shadow=\"T03@2\"] td:nth-child(6) a')?.innerText") == "A9"
    workers = awaited(chromium, all_text(".workers tr[data-worker]"))
    assert "worker-0" in workers and "1200" in workers and "worker-2" not in workers
    assert "`5 workdys`" in awaited(chromium, all_text(".faults")) and EVIL in awaited(chromium, all_text(".faults"))
    assert awaited(chromium, "window.pwned || 'never'") == "never"
    assert "1 worker(s) refused" in awaited(chromium, all_text(".bar-refused"))
    assert good.hash in awaited(chromium, all_text(".sent"))
    assert "Shadow" in awaited(chromium, all_text(".rules"))
    chromium.get(f"{console.url}?lang=zh")
    assert awaited(chromium, "document.querySelector('.toggle-mode')?.innerText.includes('2')")
    chromium.execute_script("document.querySelector('.toggle-mode').click()")
    assert awaited(
        chromium, "document.querySelectorAll('.queue tbody tr').length == 2 && location.href.includes('mode=shadow')"
    )
    chromium.get(f"{console.url}books?lang=zh")
    assert "试行" in awaited(chromium, all_text(".rules"))
