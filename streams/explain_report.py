"""Decides how an explanation is written: tables in one language for people, everything as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rules.judging.clock_days import NUMBERED, DayKind, in_working_days
from rules.language import Book
from rules.model.alerts import Alert, alert_json, clock_json
from rules.model.times import iso
from rules.testing.explain import EventLine, Explained
from rules.testing.explain_clock import ClockExplained, DayLine, Remark
from streams.console.clock_picture import WEEKDAYS
from streams.console.spans import length
from streams.console.wording import Words

LATE = 24 * 3_600_000_000
EXACT = ("exact", "workhours")


def explanation_json(found: Iterable[Explained]) -> str:
    """All of it; times in ISO 8601 with the offset of the subject's zone."""
    return msgspec.json.encode([_written(each) for each in found]).decode()


def _written(found: Explained) -> dict[str, object]:
    made = msgspec.structs.asdict(found)
    made["now"] = iso(found.now, found.zone)
    made["events"] = [_event(each, found.zone) for each in found.events]
    made["clocks"] = [
        msgspec.structs.asdict(each) | {"clock": msgspec.Raw(clock_json(each.clock, found.zone))}
        for each in found.clocks
    ]
    made["alerts"] = [msgspec.Raw(alert_json(each, found.zone)) for each in found.alerts]
    return made


def _event(line: EventLine, zone: str) -> dict[str, object]:
    times = {name: iso(getattr(line, name), zone) for name in ("at", "recorded_at", "received_at")}
    return msgspec.structs.asdict(line) | times


class Report:
    """Writes explanations to a console in one language."""

    def __init__(self, console: Console, words: Words, book: Book, known_at: str = "") -> None:
        self.console, self.words, self.known_at = console, words, known_at
        self._rules = {(rule.id, rule.version): rule for rule in book.rules}

    def print(self, found: Explained) -> None:
        """One rule over one subject."""
        words, rule = self.words, self._rules[found.rule, found.version]
        name = rule.name.zh if words.language == "zh" else rule.name.en
        given = {"rule": found.rule, "version": found.version, "name": name, "subject": found.subject}
        self._say("explain.title", style="bold", **given)
        self._say("explain.basis", basis=rule.basis)
        self._say("explain.as_of", now=self._when(found.now, found), zone=found.zone, calendar=found.calendar)
        if self.known_at:
            self._say("explain.known_at", at=self.known_at)
        if found.group:
            self._say("explain.group", group=found.group)
        self.console.print(self._events(found))
        for number, clock in enumerate(found.clocks, 1):
            self._clock(number, clock, found)
        if any(name.startswith("no_limit:") for name in found.counted):
            self._say("explain.no_limit")
        elif not found.clocks and found.kind == "deadline":
            self._say("explain.no_clock")
        self._alerts(found)

    def _say(self, place: str, style: str = "", **given: object) -> None:
        self.console.print(self.words(place, **given), style=style, markup=False, highlight=False, soft_wrap=True)

    def _when(self, at: int, found: Explained) -> str:
        return iso(at, found.zone)[:19].replace("T", " ")

    def _column(self, name: str) -> str:
        return self.words(f"explain.column.{name}")

    def _events(self, found: Explained) -> Table:
        table = Table(*map(self._column, ("at", "event", "id", "means")), title=self.words("explain.events"))
        for line in found.events:
            at = self._when(line.at, found) if line.at else ""
            shown = at[:10] if line.whole_day else at
            if line.recorded_at - line.at > LATE:
                shown += "\n" + self.words("explain.late", at=self._when(line.recorded_at, found)[:16])
            means = "\n".join(self._meanings(line)) if line.speaks else self.words("explain.superseded")
            name = line.id.removeprefix(found.subject) or line.id
            table.add_row(*map(escape, (shown, self._event_name(line.type), name, means)))
        return table

    def _event_name(self, kind: str) -> str:
        return self.words.name("event", kind) or kind

    def _meanings(self, line: EventLine) -> Iterator[str]:
        if not line.meanings:
            yield self.words("explain.nothing")
        for each in line.meanings:
            sign = "✓" if each.taken else "✗"
            yield f"{sign} {each.part}" + (f": {each.condition} = {each.value}" if each.condition else "")

    def _clock(self, number: int, found: ClockExplained, whole: Explained) -> None:
        clock, words = found.clock, self.words
        key = f" [{clock.key}]" if clock.key else ""
        self._say("explain.clock", style="bold", n=number, clock=words.name("clock.name", clock.clock), key=key)
        due = str(clock.due_date) if clock.due_date else "—"
        if clock.unit in EXACT and clock.due_at is not None:
            due = self._when(clock.due_at, whole)
        start = str(clock.start_date) if clock.unit not in EXACT else self._when(clock.start_at, whole)
        limit = "—" if clock.limit is None else length(clock.limit, clock.unit, words)
        if found.limit and clock.limit is not None:
            limit = f"{limit} ({found.limit})" if found.limit != limit else limit
        self._say("explain.start", start=start, limit=limit, due=due)
        for remark in found.remarks:
            self._say(f"explain.{remark.code}", **self._given(remark, clock.unit))
        if found.earlier:
            self._say("explain.earlier", n=found.earlier)
        self.console.print(self._days(found))
        if found.later:
            self._say("explain.later", n=found.later)
        self._say(f"explain.verdict.{found.verdict}", style="bold")

    def _given(self, remark: Remark, unit: str) -> Mapping[str, str]:
        given = dict(remark.given)
        for name in ("amount", "days"):
            if given.get(name):
                given[name] = length(int(given[name]), unit, self.words)
        if "event" in given:
            given["event"] = self._event_name(given["event"])
        return given

    def _days(self, found: ClockExplained) -> Table:
        table = Table(self._column("day"), "", *map(self._column, ("is", "counts", "what")))
        whole = (found.clock.limit or 0) + found.clock.extended
        total = 0
        for line in found.days:
            total += line.used
            day = line.day
            weekday = self.words(f"weekday.{WEEKDAYS[day.day.weekday()]}")
            events = [self._event_name(name) for name in line.events]
            events += [self.words(f"day.{flag}") for flag in ("due", "stopped", "today") if getattr(day, flag)]
            counts = self._counts(line, found, whole, total)
            style = {DayKind.BEYOND: "red", DayKind.PAUSED: "cyan"}.get(day.kind, "" if day.worked else "dim")
            row = (day.day.isoformat(), weekday, self._is(line, found), counts, ", ".join(events))
            table.add_row(*map(escape, row), style=style)
        return table

    def _is(self, line: DayLine, found: ClockExplained) -> str:
        day, words = line.day, self.words
        if day.make_up or day.holiday:
            name = "make_up" if day.make_up else "holiday"
            return (
                words("explain.statutory")
                if line.announced is None
                else words(f"explain.{name}", announced=line.announced)
            )
        if not in_working_days(found.clock) and day.worked:
            return words("explain.calendar_day")
        return words("explain.working_day" if day.worked else "explain.weekend")

    def _counts(self, line: DayLine, found: ClockExplained, whole: int, total: int) -> str:
        day, words, unit = line.day, self.words, found.clock.unit
        if line.paused_by and day.kind is DayKind.PAUSED:
            return words("explain.paused", id=line.paused_by)
        if unit in EXACT:
            limit = length(whole, unit, words)
            return words("explain.counted", n=length(total, unit, words), limit=limit) if line.used else "—"
        if day.kind is DayKind.START:
            return words("explain.start_day")
        if day.kind is DayKind.BEYOND:
            return words("explain.beyond", n=day.number) if day.number else words("explain.off")
        if day.kind in NUMBERED and day.number:
            return words("explain.counted", n=day.number, limit=whole)
        if day.kind is DayKind.AHEAD:
            return words("day.ahead")
        return words("explain.after") if day.kind is DayKind.AFTER else words("explain.off")

    def _alerts(self, found: Explained) -> None:
        if not found.alerts:
            self._say("explain.verdict.silent", style="bold")
            return
        self._say("explain.alerts", style="bold")
        for alert in found.alerts:
            self.console.print(f"  {self._alert(alert, found)}", markup=False, highlight=False, soft_wrap=True)

    def _alert(self, alert: Alert, found: Explained) -> str:
        words = self.words
        text = alert.message.zh if words.language == "zh" else alert.message.en
        said = [self._when(alert.at, found), words.name("severity", alert.severity), alert.step]
        said += [words.name("state", alert.state), words.name("reason", alert.reason), text]
        if alert.value is not None and alert.threshold is not None:
            said.append(f"{alert.value:g} / {alert.threshold:g}")
        return " · ".join(each for each in said if each)
