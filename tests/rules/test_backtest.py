"""Backtest figures and differences between books: counted by hand from a few alerts."""

from datetime import date

from msgspec.structs import replace

from rules.model.times import parse_time
from rules.testing.backtest import Period, figures, percentile
from rules.testing.diff import differences, moves
from rules.testing.found import ALERT_FIELDS, Found, FoundClock


def alert(name: str, at: str, **more: object) -> Found:
    given: dict[str, object] = dict.fromkeys(ALERT_FIELDS, "")
    given |= {"version": 1, "mode": "live", "ended_at": None, "due_date": None, "due_at": None, "provisional": False}
    given |= {"value": None, "threshold": None, "rule": "T03", "state": "open", "severity": "red_card"}
    given |= {"alert_id": name, "subject": name, "at": parse_time(at), **more}
    return Found(**given)  # type: ignore[arg-type]


def zone(region: str) -> str:
    return "America/New_York" if region == "us" else "Asia/Shanghai"


def test_alerts_are_counted_in_the_week_of_their_own_region() -> None:
    found = figures(
        [
            alert("a", "2026-03-01T17:00:00Z", department="tax"),  # Monday 2 March in Shanghai
            alert("b", "2026-03-01T17:00:00Z", department="tax", region="us"),  # still Sunday in New York
            alert("c", "2026-03-04T00:00:00Z", department="police", severity="notice"),
        ],
        Period(),
        zone,
    )
    assert [(line.week, line.department, line.alerts) for line in found.by_week] == [
        (date(2026, 2, 23), "tax", 1),
        (date(2026, 3, 2), "police", 1),
        (date(2026, 3, 2), "tax", 1),
    ]
    assert found.weeks == {"2026-02-23": {"red_card": 1}, "2026-03-02": {"notice": 1, "red_card": 1}}
    assert found.by_department == {"tax": 2, "police": 1}


def test_a_period_holds_its_first_instant_and_not_its_last() -> None:
    period = Period(parse_time("2026-03-01T00:00:00Z"), parse_time("2026-03-02T00:00:00Z"))
    found = figures(
        [alert("a", "2026-02-28T23:59:59Z"), alert("b", "2026-03-01T00:00:00Z"), alert("c", "2026-03-02T00:00:00Z")],
        period,
        zone,
    )
    assert found.alerts == 1


def test_noise_is_told_per_officer_and_day() -> None:
    at = [f"2026-03-0{day}T02:00:00Z" for day in (2, 2, 2, 3, 5)]
    found = figures(
        [alert(str(n), each, actor="k1:aa" if n < 4 else "k1:bb") for n, each in enumerate(at)], Period(), zone
    )
    noise = found.noise[0]
    assert (noise.of, noise.who, noise.days) == ("officer", 2, 4)
    assert noise.mean == round(5 / 8, 3)
    assert (noise.usual, noise.heavy) == (1, 3)
    assert noise.busiest[0] == ("k1:aa", date(2026, 3, 2), 3)
    assert len(found.noise) == 1, "no alert names a department"


def test_percentiles_are_values_that_occur() -> None:
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([7], 95) == 7
    assert percentile(list(range(1, 101)), 95) == 95


def test_books_differ_in_what_appears_vanishes_and_changes() -> None:
    stays, moved = alert("stays", "2026-03-02T00:00:00Z"), alert("moved", "2026-03-02T00:00:00Z")
    gone, fresh = alert("gone", "2026-03-01T00:00:00Z"), alert("fresh", "2026-03-03T00:00:00Z")
    later = replace(moved, due_date=date(2026, 3, 9), severity="notice")
    found = differences([stays, moved, gone], [replace(stays, version=2), later, fresh])
    assert [each.subject for each in found.appeared] == ["fresh"]
    assert [each.subject for each in found.vanished] == ["gone"]
    assert [(each.new.subject, each.fields) for each in found.changed] == [("moved", ("severity", "due_date"))]
    assert found.same == 1, "another version alone is no difference"
    assert found
    assert not differences([stays], [stays])


def clock(name: str, due: date | None, provisional: bool = False, region: str = "510100") -> FoundClock:
    return FoundClock(
        name, "T03", "handling", name, date(2026, 1, 1), "open", due, None, provisional, "tax", region, "permit"
    )


def test_moved_clocks_are_counted_by_region_department_and_dates() -> None:
    old = [clock("a", date(2026, 12, 31), True), clock("b", date(2026, 12, 31), True), clock("c", date(2026, 3, 2))]
    new = [clock("a", date(2027, 1, 4)), clock("b", date(2027, 1, 4)), clock("c", date(2026, 3, 2))]
    found = differences([], [], old, new)
    assert [(each.new.subject, each.days, each.became_firm) for each in found.moved] == [
        ("a", 4, True),
        ("b", 4, True),
    ]
    assert [(move.region, move.was, move.due, move.became_firm, move.clocks) for move in moves(found.moved)] == [
        ("510100", date(2026, 12, 31), date(2027, 1, 4), True, 2)
    ]
