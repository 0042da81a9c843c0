"""Decides when a planned case was left lying for more than five working days: T08 as the records of a story tell it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from rules.model.fields import is_blank
from rules.model.times import DAY
from streams.simulate.hours import Hours, day_of
from streams.simulate.truth import Limit
from streams.simulate.versions import Record

IDLE = 5
"""Working days in which something must be done."""
FAULT = "left lying"
TAKEN_UP = frozenset(
    {
        "case.received",
        "case.corrected",
        "case.accepted",
        "case.stage",
        "case.resumed",
        "case.extended",
        "case.hearing_notified",
        "case.hearing_held",
    }
)
LET_GO = frozenset({"case.correction_notified", "case.decided", "case.not_accepted", "case.withdrawn", "case.closed"})
ENDED = LET_GO - {"case.correction_notified"}
TOO_LATE = DAY
"""Who types an act in later than this, when the days have run out, takes no card away by it."""


def left_lying(records: Sequence[Record], hours: Hours, lawful: Collection[str]) -> list[Limit]:
    """The spans between one act and the next that were too long, `lawful` pauses not counted as far as approved."""
    acts = [
        each for each in sorted(records, key=lambda each: each.at) if not each.deleted and each.type.startswith("case.")
    ]
    last = next((position for position, each in enumerate(acts) if each.type in ENDED), len(acts))
    acts = acts[: last + 1]
    found: list[Limit] = []
    for position, act in enumerate(acts):
        if act.type not in TAKEN_UP:
            continue
        due = _working_day(day_of(act.at), hours) + IDLE
        later = [
            each for each in acts[position + 1 :] if each.type in TAKEN_UP | LET_GO or each.type == "case.suspended"
        ]
        following = next((each for each in later if each.type != "case.suspended"), None)
        if later and _pauses(later[0], lawful) and day_of(later[0].at) <= hours.days[due]:
            due += _paused(later[0], following, hours)
        found.append(_limit(due, following, hours))
    return found


def _pauses(record: Record, lawful: Collection[str]) -> bool:
    said = record.data
    return record.type == "case.suspended" and said["kind"] in lawful and not is_blank(said.get("notice_no"))


def _paused(pause: Record, following: Record | None, hours: Hours) -> int:
    """Working days after the suspension: as many as were approved, or fewer until somebody acts again."""
    approved = int(pause.data["approved_days"])
    if following is None:
        return approved
    passed = _working_day(day_of(following.at), hours) - _working_day(day_of(pause.at), hours)
    return min(approved, passed)


def _limit(due: int, following: Record | None, hours: Hours) -> Limit:
    due_at = hours.day_end(due)
    lag = (following.lag or 0) if following is not None else 0
    typed_too_late = following is not None and lag > TOO_LATE and following.at + lag >= due_at
    return Limit(
        rule="T08", fault=FAULT, due_date=hours.days[due], due_at=due_at,
        stopped_at=following.at if following is not None else None,
        contested=typed_too_late and following is not None and following.at < due_at,
    )  # fmt: skip


def _working_day(day: date, hours: Hours) -> int:
    """The number of a day, or of the working day before it: the days after it are counted."""
    number = hours.number_from(day)
    return number if hours.days[number] == day else number - 1
