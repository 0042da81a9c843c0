"""What the pages say of an alert: colours of its region, local times, and texts that never become markup."""

from datetime import date
from typing import Any

import pytest

from rules.model.alerts import SEVERITIES, Alert, Clock, Evidence, Text
from rules.model.times import parse_time
from streams.console import alert_view, queue_rows
from streams.console.board import Entry
from streams.console.clock_picture import WEEKDAYS, picture
from streams.console.declared import Declared, declared
from streams.console.desk import fill
from streams.console.happenings import Happening
from streams.console.lights import BLACK, WHITE, contrast, ink
from streams.console.wording import words
from streams.settings import from_environment

EVIL = "<script>window.pwned = 1</script>\"'`${1}{{ 7*7 }}"
AT = parse_time("2026-04-15T00:00:00+08:00")


@pytest.fixture(scope="module")
def known() -> Declared:
    return declared(from_environment({}).book)


def alert(**given: Any) -> Alert:
    made: dict[str, Any] = {
        "alert_id": "ab" * 16,
        "revision": 2,
        "rule": "T03",
        "subject": "A1",
        "stream": "service",
        "severity": "red_card",
        "reason": "closed_late",
        "at": AT,
        "due_date": date(2026, 4, 14),
        "due_at": AT,
        "occasion": ("s", "e1"),
        "region": "510107",
        "message": Text("A1 已超期", "A1 is late"),
    }
    return Alert(**(made | given))


def clock(**given: Any) -> Clock:
    made: dict[str, Any] = {
        "clock_id": "c",
        "rule": "T03",
        "clock": "handling",
        "subject": "A1",
        "stream": "service",
        "occasion": ("s", "e1"),
        "region": "510107",
        "start_at": parse_time("2026-03-02T09:00:00+08:00"),
        "start_date": date(2026, 3, 2),
        "unit": "workdays",
        "limit": 20,
        "used": 24,
        "left": -4,
        "due_date": date(2026, 3, 30),
        "stopped_at": parse_time("2026-04-03T16:00:00+08:00"),
        "state": "ended",
        "in_time": False,
    }
    return Clock(**(made | given))


def page(made: Alert, known: Declared, language: str = "zh", told: tuple[Happening, ...] = ()) -> str:
    said = words(language)
    return fill(
        "alert",
        w=said,
        alert=made,
        message=alert_view.message(made, said),
        tint=alert_view.tint(made, known),
        rule_name="",
        facts=alert_view.facts(made, said, known),
        picture=picture(clock(), told, AT, said, known),
        no_clock="none",
        timeline=alert_view.timeline(told, made, said, known),
        revisions=alert_view.revisions([made], said, known),
        evidence=alert_view.evidence(made, known),
        archive_live=True,
        zone=known.zone(made.region),
        weekdays=WEEKDAYS,
        absorbed=[],
        card="",
    )


def test_markup_in_any_text_of_an_alert_or_event_stays_text(known: Declared) -> None:
    told = Happening(source=EVIL, id=EVIL, type=EVIL, occurred_at=AT, fields={EVIL: EVIL, "stage": EVIL})
    texts = (
        "subject",
        "rule",
        "step",
        "department",
        "responsible",
        "region",
        "item",
        "actor",
        "group",
        "book",
    )
    evil: dict[str, Any] = dict.fromkeys((*texts, "reason", "state"), EVIL)
    made = alert(**evil, message=Text(EVIL, EVIL), evidence=(Evidence(EVIL, EVIL, AT, EVIL),))
    shown = page(made, known, told=(told,))
    assert "<script" not in shown and "&lt;script&gt;" in shown
    assert shown.count("{{ 7*7 }}") > len(texts)


def test_a_deep_link_cannot_leave_the_console() -> None:
    assert queue_rows.address("//elsewhere/../x?y#z", "en") == "/alert/%2F%2Felsewhere%2F..%2Fx%3Fy%23z?lang=en"


def test_severities_have_the_colours_of_their_region(known: Declared) -> None:
    chengdu, hunan = alert(severity="notice"), alert(severity="notice", region="430100")
    assert alert_view.tint(chengdu, known) == "background:#fadb14;color:#000000"
    assert alert_view.tint(hunan, known) == "background:#2f54eb;color:#ffffff"


@pytest.mark.parametrize("region", ["", "510100", "430000"])
def test_letters_on_every_declared_colour_can_be_read(known: Declared, region: str) -> None:
    for severity in SEVERITIES:
        colour = known.colour(region, severity)
        assert contrast(colour, ink(colour)) >= 4, (region, severity)


def test_contrast_is_that_of_the_accessibility_guidelines() -> None:
    assert contrast(WHITE, BLACK) == pytest.approx(21) and contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.01)


def test_a_line_of_the_queue_says_what_is_preliminary_and_what_was_withdrawn(known: Declared) -> None:
    shown = queue_rows.row(Entry(alert(state="withdrawn"), AT, ""), words("en"), known)
    assert shown["look"] == "state-withdrawn preliminary"
    assert (shown["flag"], shown["state"], shown["revision"]) == ("preliminary", "Withdrawn", "r2")
    settled = queue_rows.row(Entry(alert(settled=True), AT, ""), words("zh"), known)
    assert (settled["look"], settled["flag"], settled["due"]) == ("state-open", "", "2026-04-14")
    assert (settled["day"], settled["time"], settled["message"]) == ("2026-04-15", "00:00:00", "A1 已超期")


def test_the_picture_of_a_clock_marks_due_date_stop_and_what_lies_beyond(known: Declared) -> None:
    made = picture(clock(), (), AT, words("zh"), known)
    cells = {cell.says[:10]: cell for block in made.blocks for week in block for cell in week.cells if cell}
    assert (cells["2026-03-02"].look, cells["2026-03-02"].marks) == ("start worked", ("起",))
    assert (cells["2026-03-30"].look, cells["2026-03-30"].marks) == ("counted worked due", ("届",))
    assert cells["2026-03-31"].look == "beyond worked" and cells["2026-04-03"].marks == ("止",)
    assert cells["2026-03-07"].look == "off rest"
    assert (made.state, made.meter, made.share) == ("late", "late", 100)
    assert [week.month for block in made.blocks for week in block if week.month] == ["2026年3月", "2026年4月"]


def test_the_figures_are_the_clocks_own(known: Declared) -> None:
    shown = {each.name: each.text for each in alert_view.figures(clock(paused=3, extended=10), words("en"), known)}
    assert shown == {
        "Start": "2026-03-02",
        "Limit": "20 working days",
        "Extension": "10 working days",
        "Paused": "3 working days",
        "Due": "2026-03-30",
        "Stopped": "2026-04-03 16:00",
        "Used": "24 working days",
        "Over": "4 working days",
    }


def test_pauses_whose_days_are_not_known_are_told_as_a_figure(known: Declared) -> None:
    assert any("3 working days" in note for note in picture(clock(paused=3), (), AT, words("en"), known).notes)


def test_the_timeline_tells_corrections_late_records_and_what_is_cited(known: Declared) -> None:
    first = Happening(
        source="s",
        id="e1",
        type="case.accepted",
        occurred_at=AT,
        recorded_at=AT,
        fields={"office": "甲", "region": "5"},
    )
    later = Happening(
        source="s",
        id="e1",
        type="case.accepted",
        occurred_at=AT,
        recorded_at=AT + 2 * 86_400_000_000,
        operation="u",
    )
    lines = alert_view.timeline([first, later], alert(evidence=(Evidence("s", "e1", AT, ""),)), words("en"), known)
    assert [(each.cited, each.speaks, each.operation, each.late) for each in lines] == [
        (True, False, "", ""),
        (True, True, "corrected", "recorded 2 d late"),
    ]
    assert [each.name for each in lines[0].said] == ["office"] and lines[0].event == "Accepted"


def test_a_time_among_the_fields_of_an_event_is_local_and_a_broken_one_stays_as_it_is(
    known: Declared,
) -> None:
    times = {"promised_at": "2026-05-01T00:00:00+00:00", "valid_until": "2026-05-01", "item_version": "1"}
    told = Happening(source="s", id="e1", type="case.applied", occurred_at=AT, fields=times)
    [line] = alert_view.timeline([told], alert(), words("en"), known)
    assert [each.text for each in line.said] == ["2026-05-01 08:00", "2026-05-01", "1"]
    broken = Happening(source="s", id="e1", type="case.applied", occurred_at=AT, fields={"promised_at": "soon, surely"})
    assert alert_view.timeline([broken], alert(), words("en"), known)[0].said[0].text == "soon, surely"


def test_times_are_those_of_the_region(known: Declared) -> None:
    assert known.when(parse_time("2026-03-02T16:30:00Z"), "510107") == "2026-03-03 00:30:00"
    assert known.region_name("510107", "en") == "Chengdu 510107"
