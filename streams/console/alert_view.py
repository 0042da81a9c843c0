"""Decides what the page of one alert says: its facts, its clock's figures, the timeline, the revisions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from rules.model.alerts import Alert, Clock
from rules.model.events import TYPES
from rules.model.fields import Mark
from rules.model.times import parse_time
from streams.console.declared import Declared
from streams.console.happenings import Happening, last_versions
from streams.console.lights import ink
from streams.console.spans import length
from streams.console.wording import Words

PLACES = ("task_code", "region", "organ", "department")
"""Fields that every event repeats; the head of the page says them once."""
NO_MARK = Mark("", "")
LATE = 24 * 3_600_000_000


class Said(Struct, frozen=True):
    """A name and what is said under it."""

    name: str
    text: str
    is_code: bool = False


class TimelineLine(Struct, frozen=True):
    at: str
    recorded: str
    late: str
    event: str
    said: tuple[Said, ...]
    source: str
    id: str
    cited: bool
    speaks: bool
    operation: str


class RevisionLine(Struct, frozen=True):
    revision: int
    state: str
    state_name: str
    severity: str
    tint: str
    reason: str
    due: str
    message: str


class EvidenceLine(Struct, frozen=True):
    source: str
    id: str
    recorded: str
    hash: str


def message(alert: Alert, words: Words) -> str:
    return (alert.message.zh if words.language == "zh" else alert.message.en) or alert.reason


def tint(alert: Alert, known: Declared) -> str:
    colour = known.colour(alert.region, alert.severity)
    return f"background:{colour};color:{ink(colour)}"


def facts(alert: Alert, words: Words, known: Declared) -> list[Said]:
    """What the head of the page lists; what an alert does not have is left out."""
    due = alert.due_date.isoformat() if alert.due_date else known.when(alert.due_at, alert.region)
    said = {
        "subject": alert.subject,
        "opened": known.when(alert.at, alert.region),
        "ended": known.when(alert.ended_at, alert.region),
        "reason": words.name("reason", alert.reason),
        "due": due + (f" ({words('flag.provisional')})" if due and alert.provisional else ""),
        "stream": words.name("stream", alert.stream),
        "department": alert.department,
        "responsible": alert.responsible,
        "region": known.region_name(alert.region, words.language),
        "item": alert.item,
        "actor": alert.actor,
        "group": alert.group if alert.group != alert.subject else "",
        "value": _value(alert),
        "id": alert.alert_id,
        "book": alert.book,
    }
    codes = {"subject", "item", "actor", "group", "id", "book"}
    return [Said(words(f"alert.{name}"), text, name in codes) for name, text in said.items() if text]


def _value(alert: Alert) -> str:
    if alert.value is None:
        return ""
    return f"{alert.value:g}" + ("" if alert.threshold is None else f" / {alert.threshold:g}")


def figures(clock: Clock, words: Words, known: Declared) -> list[Said]:
    """The clock's own figures: nothing is worked out here but the unit in which they are written."""
    left = clock.left
    over = left is not None and left < 0
    due = clock.due_date.isoformat() if clock.due_date else known.when(clock.due_at, clock.region)[:16]
    said = {
        "start": clock.start_date.isoformat() if clock.due_date else known.when(clock.start_at, clock.region)[:16],
        "limit": "" if clock.limit is None else length(clock.limit, clock.unit, words),
        "extended": length(clock.extended, clock.unit, words) if clock.extended else "",
        "paused": length(clock.paused, clock.unit, words) if clock.paused else "",
        "due": due + (f" ({words('flag.provisional')})" if due and clock.provisional else ""),
        "stopped": known.when(clock.stopped_at, clock.region)[:16],
        "used": length(clock.used, clock.unit, words),
        "over" if over else "left": "" if left is None else length(abs(left), clock.unit, words),
    }
    return [Said(words(f"clock.{name}"), text) for name, text in said.items() if text]


def timeline(happenings: Sequence[Happening], alert: Alert, words: Words, known: Declared) -> list[TimelineLine]:
    """Every version of every event of the subject, as the warehouse orders them."""
    cited = {(each.source, each.id) for each in alert.evidence}
    speaking = set(map(id, last_versions(happenings)))
    return [_line(each, alert, (each.known_as in cited, id(each) in speaking), words, known) for each in happenings]


def _line(each: Happening, alert: Alert, standing: tuple[bool, bool], words: Words, known: Declared) -> TimelineLine:
    at = known.when(each.occurred_at, alert.region) if each.occurred_at else ""
    delay = each.recorded_at - each.occurred_at if each.recorded_at and each.occurred_at else 0
    said = tuple(
        Said(words.name("field", name), _moment(each.type, name, text, alert.region, known))
        for name, text in each.fields.items()
        if name not in PLACES
    )
    return TimelineLine(
        at[:10] if each.whole_day else at,
        known.when(each.recorded_at or None, alert.region),
        words("timeline.late", n=length(delay, "exact", words)) if delay > LATE else "",
        words.name("event", each.type),
        said,
        each.source,
        each.id,
        *standing,
        {"u": words("timeline.corrected"), "d": words("timeline.deleted")}.get(each.operation, ""),
    )


def _moment(event: str, field: str, text: str, region: str, known: Declared) -> str:
    """A field that is a time: local, to the minute. Every other one, and a time that is none: as it is."""
    kind = TYPES.get(event)
    if kind is None or kind.fields.get(field, NO_MARK).kind != "moment" or len(text) == 10:
        return text
    try:
        return known.when(parse_time(text), region)[:16]
    except ValueError:
        return text


def revisions(found: Iterable[Alert], words: Words, known: Declared) -> list[RevisionLine]:
    """One line per revision, the newest first."""
    newest_first = sorted(found, key=lambda alert: alert.revision, reverse=True)
    return [
        RevisionLine(
            alert.revision,
            alert.state,
            words.name("state", alert.state),
            words.name("severity", alert.severity),
            tint(alert, known),
            words.name("reason", alert.reason),
            alert.due_date.isoformat() if alert.due_date else known.when(alert.due_at, alert.region),
            message(alert, words),
        )
        for alert in newest_first
    ]


def evidence(alert: Alert, known: Declared) -> list[EvidenceLine]:
    return [
        EvidenceLine(each.source, each.id, known.when(each.recordedat or None, alert.region), each.hash)
        for each in alert.evidence
    ]
