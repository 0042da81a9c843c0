"""Values become rows and the same values again."""

import random
from datetime import date
from typing import Any

import msgspec
import pytest

from rules.model.alerts import Alert, Clock, Evidence, Text
from rules.model.events import decode_event, decode_message, to_event
from warehouse import rows
from warehouse.link import WarehouseUnavailable
from warehouse.migrations import migrate, shipped
from warehouse.reader import AlertFilter, Reader
from warehouse.writer import Writer

NINE = 1_770_858_000_123_456  # 2026-02-12 09:00 in Asia/Shanghai, and some microseconds

ALERT = Alert(
    alert_id="a" * 32,
    revision=1,
    rule="T03.penalty",
    step="80%",
    version=3,
    book="b" * 32,
    subject="A1",
    stream="service",
    severity="red_card",
    reason="still_open",
    at=NINE,
    due_date=date(2026, 2, 11),
    due_at=NINE - 1,
    provisional=True,
    settled=True,
    occasion=("office", "7"),
    department="D1",
    responsible="O1",
    region="330100",
    item="permit-20",
    actor="k1:00112233445566778899aabbccddeeff",
    group="G",
    value=5.5,
    threshold=5.0,
    params={"limit": "20 workdays", "名": "值"},
    message=Text("A1 已超法定时限", "A1 is past its legal limit"),
    evidence=(Evidence("office", "7", NINE - 5, "h"), Evidence("office", "8", NINE, "i")),
    evidence_total=2,
    absorbed_by="e" * 32,
)
ENDED = msgspec.structs.replace(ALERT, revision=2, state="ended", ended_at=NINE + 1, reason="closed_late")
PLAIN = Alert(
    alert_id="c" * 32, rule="P07", subject="A2", stream="service", severity="notice", reason="blank",
    at=NINE + 9, occasion=("office", "9"),
)  # fmt: skip
SHADOW = msgspec.structs.replace(PLAIN, alert_id="f" * 32, mode="shadow")
CLOCK = Clock(
    clock_id="d" * 32, revision=4, rule="T03", clock="handling", key="*", subject="A1", stream="service",
    occasion=("office", "7"), region="330100", item="permit-20", department="D1", responsible="O1",
    start_at=NINE, start_date=date(2026, 2, 12), unit="workdays", limit=20, extended=10, paused=5, used=3,
    left=27, due_date=date(2026, 4, 1), due_at=NINE + 99, stopped_at=None, state="open", in_time=None,
    provisional=False, as_of=NINE + 1,
)  # fmt: skip
STOPPED = msgspec.structs.replace(CLOCK, revision=5, state="ended", stopped_at=NINE + 5, in_time=True, left=None)


def land(url: str, table: str, names: tuple[str, ...], made: list[rows.Row]) -> None:
    Writer(url).insert(table, rows.columns(names, made))


def alerts_landed(url: str, *alerts: Alert) -> Reader:
    land(url, "alerts", rows.ALERT_COLUMNS, [rows.alert_row(alert) for alert in alerts])
    return Reader(url)


@pytest.mark.warehouse
def test_an_alert_comes_back_with_every_revision_in_any_order_of_arrival(migrated: str) -> None:
    reader = alerts_landed(migrated, ENDED, PLAIN)
    alerts_landed(migrated, ALERT, ENDED)
    assert reader.alert_history(ALERT.alert_id) == [ALERT, ENDED]
    assert reader.alerts() == [PLAIN, ENDED]
    assert list(reader.standing_alerts()) == [ENDED, PLAIN]
    assert reader.alert_counts() == {("P07", "notice", "open"): 1, ("T03.penalty", "red_card", "ended"): 1}


@pytest.mark.warehouse
def test_what_an_older_warehouse_holds_is_live_and_new_revisions_still_land(warehouse_url: str) -> None:
    migrate(warehouse_url, [each for each in shipped() if each.file < "0008"])
    names = rows.ALERT_COLUMNS[: rows.ALERT_COLUMNS.index("mode")]
    land(warehouse_url, "alerts", names, [rows.alert_row(PLAIN)[: len(names)]])
    migrate(warehouse_url)
    reader = alerts_landed(warehouse_url, ALERT)
    assert list(reader.standing_alerts()) == [ALERT, PLAIN]


@pytest.mark.warehouse
def test_a_shadow_alert_is_kept_for_authors_and_counted_nowhere(migrated: str) -> None:
    reader = alerts_landed(migrated, PLAIN, SHADOW)
    assert reader.alerts() == [PLAIN]
    assert reader.alerts(AlertFilter(mode="shadow")) == [SHADOW]
    assert reader.alert_counts() == {("P07", "notice", "open"): 1}
    assert list(reader.standing_alerts()) == [PLAIN, SHADOW]
    assert reader.alert_history(SHADOW.alert_id) == [SHADOW]


@pytest.mark.warehouse
def test_a_withdrawn_alert_is_kept_and_does_not_stand(migrated: str) -> None:
    withdrawn = msgspec.structs.replace(ALERT, revision=3, state="withdrawn")
    reader = alerts_landed(migrated, ALERT, withdrawn)
    assert list(reader.standing_alerts()) == []
    assert reader.alert_history(ALERT.alert_id) == [ALERT, withdrawn]


@pytest.mark.warehouse
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (AlertFilter(rule="T03"), [ENDED]),
        (AlertFilter(rule="T0"), []),
        (AlertFilter(states=("open", "contested")), [PLAIN]),
        (AlertFilter(severities=("red_card",)), [ENDED]),
        (AlertFilter(region="33"), [ENDED]),
        (AlertFilter(department="D1", item="permit-20", stream="service"), [ENDED]),
        (AlertFilter(subject="A2"), [PLAIN]),
        (AlertFilter(since=NINE + 1), [PLAIN]),
        (AlertFilter(until=NINE + 1), [ENDED]),
        (AlertFilter(subject="it's; -- none"), []),
    ],
)
def test_the_queue_is_filtered(migrated: str, wanted: AlertFilter, found: list[Alert]) -> None:
    reader = alerts_landed(migrated, ALERT, ENDED, PLAIN)
    assert reader.alerts(wanted) == found


@pytest.mark.warehouse
def test_the_queue_is_read_in_pages(migrated: str) -> None:
    reader = alerts_landed(migrated, ALERT, ENDED, PLAIN)
    assert reader.alerts(limit=1) == [PLAIN]
    assert reader.alerts(limit=1, offset=1) == [ENDED]


@pytest.mark.warehouse
def test_the_last_revision_of_a_clock_speaks(migrated: str) -> None:
    land(migrated, "case_clock", rows.CLOCK_COLUMNS, [rows.clock_row(STOPPED)])
    land(migrated, "case_clock", rows.CLOCK_COLUMNS, [rows.clock_row(CLOCK)])
    reader = Reader(migrated)
    assert reader.case_clocks("service", "A1") == [STOPPED]
    assert reader.case_clocks("inspection", "A1") == []
    assert list(reader.standing_clocks()) == [STOPPED]


@pytest.mark.warehouse
def test_a_dead_letter_comes_back(migrated: str) -> None:
    letter = rows.DeadLetter(
        topic="service.events",
        partition=3,
        offset=17,
        reason="not_json",
        path="$",
        detail="坏",
        hash="h",
        at=NINE,
    )
    for _ in range(2):
        land(migrated, "dead_letters", rows.DEAD_LETTER_COLUMNS, [rows.dead_letter_row(letter)])
    assert Reader(migrated).dead_letters() == [letter]


@pytest.mark.warehouse
def test_a_stored_event_is_judged_as_it_was_the_first_time(migrated: str, land: Any, event: Any) -> None:
    sent = [
        event(
            "case.applied",
            "2026-01-05T09:00:00.123456",
            id="1",
            data={"visits": 2, "extra": {"b": 1, "a": [None]}},
        ),
        event("case.suspended", "2026-01-05T00:00:00", id="2", precision="day", data={"approved_days": "5"}),
        event("case.suspended", id="2", operation="d", recordedat="2026-02-01T00:00:00"),
    ]
    land(random.Random(1).sample(sent, k=3))
    found = Reader(migrated).case_timeline("service", "A1")
    judged = sorted(map(repr, (decode_event(each.message()) for each in found)))
    assert judged == sorted(repr(each.event) for each in sent)
    assert found[2].fields["extra"] == {"a": [None], "b": 1}


@pytest.mark.warehouse
def test_what_was_not_received_yet_was_not_known(migrated: str, land: Any, event: Any) -> None:
    late = {
        "id": "1",
        "operation": "u",
        "recordedat": "2026-01-06T09:00:00",
        "receivedat": "2026-01-07T09:00:00",
    }
    first, second = (
        event("case.applied", "2026-01-05T09:00:00", id="1"),
        event("case.applied", "2026-01-05T09:00:00", **late),
    )
    land([first, second])
    day = date(2026, 1, 5)
    then = second.event.fact.received_at - 1
    assert len(list(Reader(migrated).stored_events("service", day, day))) == 2
    assert [e.operation for e in Reader(migrated).stored_events("service", day, day, then)] == ["i"]
    assert Reader(migrated).subjects_of_day("service", date(2026, 1, 6)) == ["A1"]


@pytest.mark.warehouse
def test_of_equal_versions_the_first_receipt_is_kept(migrated: str, land: Any, event: Any) -> None:
    def received(at: str) -> rows.Landed:
        return event(  # type: ignore[no-any-return]
            "case.applied", "2026-01-05T09:00:00", id="1", recordedat="2026-01-05T09:00:00", receivedat=at
        )

    for at in ("2026-01-07T09:00:00", "2026-01-06T09:00:00", "2026-01-08T09:00:00"):
        land([received(at)])
    (kept,) = Reader(migrated).case_timeline("service", "A1")
    assert kept.received_at == received("2026-01-06T09:00:00").event.fact.received_at


@pytest.mark.parametrize("time", ["1900-01-02T00:00:00Z", "2899-12-30T23:59:59Z", "1969-12-31T23:59:59Z"])
def test_a_time_beyond_the_columns_is_written_as_their_bound(time: str) -> None:
    message = decode_message(
        msgspec.json.encode(
            {
                "specversion": "1.0",
                "type": "case.applied",
                "source": "s",
                "subject": "A",
                "id": "1",
                "time": time,
                "data": {},
            }
        )
    )
    row = dict(zip(rows.EVENT_COLUMNS, rows.event_row(rows.Landed(message, to_event(message))), strict=True))
    assert rows.FIRST_DAY <= row["day"] <= rows.LAST_DAY
    assert rows.FIRST_AT <= row["occurred_at"] <= rows.LAST_AT


def test_no_rows_are_columns_too() -> None:
    assert rows.columns(("a", "b"), []) == {"a": [], "b": []}


def test_a_warehouse_out_of_reach_is_unavailable_not_wrong() -> None:
    with pytest.raises(WarehouseUnavailable):
        Reader("clickhouse://default:@127.0.0.1:1/default").query("SELECT 1")
