"""What the warehouse says of a case, however its events came in: twice, late, corrected, deleted."""

import random
from datetime import UTC, date, datetime
from typing import Any

import pytest

from warehouse.reader import Reader
from warehouse.rows import Landed

pytestmark = pytest.mark.warehouse


def case(url: str, case_id: str = "A1") -> dict[str, Any]:
    found = Reader(url).query("SELECT * FROM case_current WHERE case_id = %(id)s", {"id": case_id})
    assert len(found.rows) == 1
    return dict(zip([name for name, _ in found.columns], found.rows[0], strict=True))


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


@pytest.fixture
def whole_life(event: Any) -> list[Landed]:
    item = {"task_code": "permit-20", "region": "330100", "organ": "O1", "department": "D1"}
    return [
        event(
            "case.applied",
            "2026-01-05T09:00:00",
            data=item | {"project_type": "2", "channel": "2", "visits": 1, "bundle_id": "B7"},
        ),
        event("case.received", "2026-01-05T10:00:00", data={"materials_required": ["a", "b"]}),
        event("case.accepted", "2026-01-06T10:00:00", data={"actor": "k1:00112233445566778899aabbccddeeff"}),
        event("case.decided", "2026-01-08T10:00:00", data={"result": "granted", "automatic": True, "visits": 0}),
        event("case.delivered", "2026-01-09T10:00:00", data={"courier": True}),
        event("case.closed", "2026-01-09T11:00:00", data={"finish_code": "1"}),
        event("review.submitted", "2026-01-10T10:00:00", data={"review_id": "r1", "satisfaction": 2}),
        event("review.submitted", "2026-01-11T10:00:00", data={"review_id": "r2", "satisfaction": 5}),
        event("review.annulled", "2026-01-12T10:00:00", data={"review_id": "r2"}),
    ]


def test_a_case_tells_its_whole_life(migrated: str, land: Any, whole_life: list[Landed]) -> None:
    land(whole_life)
    found = case(migrated)
    expected = {
        "item": "permit-20", "region": "330100", "organ": "O1", "department": "D1", "project_type": "2",
        "channel": "2", "bundle_id": "B7", "visits": 0, "result": "granted", "automatic": 1, "courier": 1,
        "withdrawn": 0, "finish_code": "1", "materials_required": 2, "satisfaction": 2, "is_default": 0,
        "actors": 1, "events": 9, "deleted": 0, "applied_at": local("2026-01-05T09:00:00"),
        "accepted_at": local("2026-01-06T10:00:00"), "decided_at": local("2026-01-08T10:00:00"),
        "delivered_at": local("2026-01-09T10:00:00"), "closed_at": local("2026-01-09T11:00:00"),
        "rated_at": local("2026-01-10T10:00:00"), "withdrawn_at": None, "refused_at": None,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected


def test_a_row_landed_twice_counts_once(migrated: str, land: Any, whole_life: list[Landed]) -> None:
    land(whole_life, "t-0-0-8")
    once = case(migrated)
    land(whole_life, "t-0-0-8")
    land(whole_life, "t-0-0-7")
    assert case(migrated) == once
    reader = Reader(migrated)
    assert len(reader.case_timeline("service", "A1")) == 9
    assert len(list(reader.stored_events("service", date(2026, 1, 5), date(2026, 1, 12)))) == 9


def test_the_order_of_arrival_does_not_matter(migrated: str, land: Any, event: Any, whole_life: list[Landed]) -> None:
    decided = {"id": "case.decided-2026-01-08T10:00:00", "recordedat": "2026-01-08T12:00:00"}
    versions = [
        *whole_life,
        event("case.decided", "2026-01-08T11:00:00", operation="u", data={"result": "denied"}, **decided),
        event(
            "case.closed",
            id="case.closed-2026-01-09T11:00:00",
            operation="d",
            recordedat="2026-01-13T09:00:00",
        ),
    ]
    seen = []
    for seed in range(3):
        Reader(migrated).query("TRUNCATE TABLE case_timeline")
        random.Random(seed).shuffle(versions)
        for one in versions:
            land([one])
        seen.append(case(migrated))
    assert seen[0] == seen[1] == seen[2]
    assert (seen[0]["result"], seen[0]["decided_at"]) == ("denied", local("2026-01-08T11:00:00"))
    assert seen[0]["closed_at"] is None


def test_of_versions_recorded_at_once_the_deletion_speaks_then_the_update_then_the_greater_content(
    migrated: str, land: Any, event: Any
) -> None:
    def version(operation: str, result: str) -> Landed:
        given = {"id": "1", "recordedat": "2026-01-08T12:00:00", "operation": operation}
        time = "" if operation == "d" else "2026-01-08T10:00:00"
        return event("case.decided", time, data={"result": result}, **given)  # type: ignore[no-any-return]

    land([version("i", "z"), version("u", "b"), version("u", "a")])
    assert case(migrated)["result"] == "b"
    land([version("d", "")])
    assert case(migrated)["decided_at"] is None


def test_a_case_whose_every_event_is_deleted_is_deleted_not_gone(migrated: str, land: Any, event: Any) -> None:
    land([event("case.applied", "2026-01-05T09:00:00", id="1")])
    land([event("case.applied", id="1", operation="d", recordedat="2026-01-06T09:00:00")])
    found = case(migrated)
    assert (found["deleted"], found["events"], found["applied_at"]) == (1, 0, None)


def test_a_second_decision_decides_nothing(migrated: str, land: Any, event: Any) -> None:
    land([event("case.decided", "2026-01-08T10:00:00", data={"result": "granted"})])
    land([event("case.decided", "2026-01-09T10:00:00", data={"result": "denied"})])
    found = case(migrated)
    assert (found["result"], found["decided_at"]) == ("granted", local("2026-01-08T10:00:00"))


def test_an_inspection_is_no_service_case(migrated: str, land: Any, event: Any) -> None:
    land([event("check.performed", "2026-01-08T10:00:00", subject="C1", data={"on_site": True})])
    assert Reader(migrated).query("SELECT count() FROM case_current").rows == [(0,)]
    assert [each.type for each in Reader(migrated).case_timeline("inspection", "C1")] == ["check.performed"]
