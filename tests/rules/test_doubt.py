"""An event whose fold raised is set aside, and what stands of its subject is doubtful until the event is taken."""

from pathlib import Path
from typing import Any

import pytest

from rules.core import SubjectCore
from rules.core import folding as folded
from rules.core.subjects import SubjectCore as Core
from tests.oracle.restarting import Store
from tests.rules.small_books import at, book_of, event, rule_text

RULE = rule_text("D", "deadline: {clock: clock, within: 5 days}")
NOW = "2026-03-20"


class Broken:
    """A defect of ours: stepping this event raises outside of every rule."""

    def __init__(self, event_id: str) -> None:
        self.event_id, self.is_on = event_id, True
        self.take = folded.take

    def __call__(self, record: Any, slots: Any, fact: Any) -> None:
        if self.is_on and fact.id == self.event_id:
            raise RuntimeError("a defect")
        self.take(record, slots, fact)


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> Broken:
    made = Broken("bad")
    monkeypatch.setattr("rules.core.folding.take", made)
    monkeypatch.setattr("rules.core.subjects.take", made)
    return made


def opened(folder: Path, store: Store) -> Core:
    core = SubjectCore(book_of(folder, RULE), store)
    store.take(core.step([event("case.accepted", "2026-03-02T09:00")], at(NOW)).rows)
    return core


BAD = event("case.stage", "2026-03-03T09:00", id="bad")


def test_the_event_is_a_dead_letter_and_the_alerts_of_its_subject_are_marked(tmp_path: Path, broken: Broken) -> None:
    store = Store()
    step = opened(tmp_path, store).step([BAD, event("case.accepted", "2026-03-02T09:00", "B")], at(NOW))
    assert [(refused.index, refused.reason) for refused in step.rejected] == [(0, "fold_raised")]
    marked = {alert.subject: alert.params.get("doubtful") for alert in step.alerts}
    assert marked == {"A1": "fold_raised", "B": None}
    assert {alert.state for alert in step.alerts} == {"open"}


def test_the_mark_outlives_a_restart_and_goes_when_the_event_is_taken_after_all(tmp_path: Path, broken: Broken) -> None:
    store = Store()
    store.take(opened(tmp_path, store).step([BAD], at(NOW)).rows)
    core = SubjectCore(book_of(tmp_path, RULE), store)
    step = core.step([event("case.stage", "2026-03-04T09:00")], at(NOW))
    store.take(step.rows)
    assert step.alerts == []
    broken.is_on = False
    step = SubjectCore(book_of(tmp_path, RULE), store).step([BAD], at(NOW))
    assert [("doubtful" in alert.params, alert.state) for alert in step.alerts] == [(False, "open")]
    assert step.rejected == []


def test_a_subject_whose_first_event_was_set_aside_takes_the_next(tmp_path: Path, broken: Broken) -> None:
    bad = event("case.accepted", "2026-03-03T00:00", id="bad", precision="day")
    for tells_clocks in (False, True):
        core = SubjectCore(book_of(tmp_path, RULE), tells_clocks=tells_clocks)
        assert [refused.reason for refused in core.step([bad], at(NOW)).rejected] == ["fold_raised"]
        step = core.step([event("case.accepted", "2026-03-04T09:00")], at(NOW))
        assert [(alert.rule, "doubtful" in alert.params) for alert in step.alerts] == [("D", True)]


def test_many_such_events_are_not_all_remembered_by_name(tmp_path: Path, broken: Broken) -> None:
    core = opened(tmp_path, Store())
    for number in range(50):
        broken.event_id = f"bad{number}"
        core.step([event("case.stage", "2026-03-03T09:00", id=broken.event_id)], at(NOW))
    assert len(core.records.hot["A1"].noted) == 21
