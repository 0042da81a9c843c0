"""Decides how a verdict becomes an alert: who was responsible then, what it rests on, in which words it is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from rules.judging.verdicts import Verdict
from rules.judging.versions import content
from rules.language.rule import LIVE, Book, Rule
from rules.model.alerts import SEVERITIES, Alert, Evidence, Text, identity
from rules.model.events import Fact, stream_of
from rules.model.spans import Span
from rules.model.times import SECOND
from rules.model.words import in_words, who_in_words
from rules.tables import Sources

MOST_EVIDENCE = 50
VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
WITHDRAWN = "withdrawn"


def alert_of(
    rule: Rule, verdict: Verdict, subject: str, facts: Sequence[Fact], book: Book, now: int, group: str = ""
) -> Alert:
    """The alert of a verdict. `facts` are the events of the subject (or group) in order, as judged."""
    known = {(fact.source, fact.id): fact for fact in facts}
    then = [fact for fact in facts if fact.occurred_at <= verdict.at] or facts[:1]
    rests_on = [known[key] for key in verdict.rests_on if key in known]
    occasion = known.get(verdict.occasion)
    said: dict[str, str] = {rule.subject: subject, "group": group, "task_code": _last(then, "task_code")}
    said |= {f"params.{name}": value for name, value in rule.params.items()} | verdict.params
    if verdict.value is not None:
        unit = verdict.params.get("unit", "")
        said |= {"value": figure(verdict.value, unit), "threshold": figure(verdict.threshold or 0.0, unit)}
    said |= {"due_date": str(verdict.due_date or ""), "department": _placed(verdict, then, "department")}
    if "other" in said:
        said |= dict.fromkeys(("other.subject", f"other.{rule.subject}"), said["other"])
    message = rule.messages.get("warn" if verdict.step else "fire") or rule.messages["fire"]
    return Alert(
        alert_id=identity(
            rule.id if rule.mode == LIVE else rule.key, verdict.step, group or subject, *verdict.occasion
        ),
        rule=rule.id,
        step=verdict.step,
        version=rule.version,
        book=book.hash,
        subject=subject,
        stream=stream_of(rests_on[0]) if rests_on else rule.streams[0],
        state=verdict.state,
        ended_at=verdict.ended_at,
        severity=SEVERITIES[0] if verdict.provisional else verdict.severity,
        reason=verdict.reason,
        at=verdict.at,
        due_date=verdict.due_date,
        due_at=verdict.due_at,
        provisional=verdict.provisional,
        settled=now >= verdict.at + book.tables.sources.lateness(rests_on[0].source if rests_on else ""),
        occasion=verdict.occasion,
        department=said["department"],
        responsible=_placed(verdict, then, "organ"),
        region=_placed(verdict, then, "region"),
        item=said["task_code"],
        actor=verdict.actor,
        group=group,
        value=verdict.value,
        threshold=verdict.threshold,
        params=verdict.params | {f"params.{name}": value for name, value in rule.overridden.items()},
        message=Text(_render(message.zh, said, occasion, "zh"), _render(message.en, said, occasion, "en")),
        evidence=tuple(evidence_of(fact) for fact in rests_on[:MOST_EVIDENCE]),
        evidence_total=int(verdict.params.get("total", len(verdict.rests_on))),
        mode=rule.mode,
    )


def is_of(alert: Alert, rule: Rule) -> bool:
    """Whether an alert is known as one of this rule: the versions in force are one, a shadow is by itself."""
    shadow = rule.mode != LIVE
    return alert.rule == rule.id and alert.mode == rule.mode and (not shadow or alert.version == rule.version)


def evidence_of(fact: Fact) -> Evidence:
    """One event as evidence, in the version that was judged."""
    digest = blake2b(content(fact).encode(), digest_size=16).hexdigest()
    return Evidence(fact.source, fact.id, fact.recorded_at, digest)


def figure(value: float, unit: str = "") -> str:
    """A number as people read it: two decimals at most, four digits below one; seconds as a length of time."""
    if unit == "s" and abs(value) >= 1:
        return str(Span(round(value) * SECOND, "exact"))
    text = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.4g}"
    return text + unit


def _placed(verdict: Verdict, facts: Sequence[Fact], field: str) -> str:
    """Whose it is: as the verdict says, else by the last event."""
    said = verdict.params.get(field)
    return said if said is not None else _last(facts, field)


def _last(facts: Sequence[Any], field: str) -> str:
    for fact in reversed(facts):
        value = getattr(fact, field, "")
        if value:
            return str(value)
    return ""


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.15g}"
    return ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)


def _render(template: str, said: dict[str, str], occasion: Fact | None, language: str) -> str:
    def replace(match: re.Match[str]) -> str:
        name = match[1]
        if name == "who":
            return who_in_words(said.get(name, ""), language)
        if name in said:
            return in_words(said[name], language)
        # what a group has in common, its first event has too
        return _written(getattr(occasion, name.removeprefix("event."), None))

    return VARIABLE.sub(replace, template)


def changes(before: dict[str, Alert], after: dict[str, Alert], rules: set[str] | None = None) -> list[Alert]:
    """What must be said so that `before` becomes `after`; `before` is brought up to date.

    `rules` limits the comparison to the alerts of these rules. A withdrawn alert stays in `before`, so that its
    revisions go on if it is raised again.
    """
    said: list[Alert] = []
    for alert_id, alert in after.items():
        old = before.get(alert_id)
        revision = old.revision if old is not None else 0
        # a book that says the same of an alert does not say it again: nobody wants to read 100,000 of them
        if old is None or msgspec.structs.replace(alert, revision=revision, book=old.book) != old:
            changed = msgspec.structs.replace(alert, revision=revision + 1)
            before[alert_id] = changed
            said.append(changed)
    for alert_id, old in list(before.items()):
        if alert_id in after or old.state == WITHDRAWN or (rules is not None and old.rule not in rules):
            continue
        gone = msgspec.structs.replace(old, state=WITHDRAWN, reason=WITHDRAWN, revision=old.revision + 1)
        before[alert_id] = gone
        said.append(gone)
    return said


def settles_at(alert: Alert, sources: Sources) -> int:
    """When the lateness of the source that an alert rests on has passed (RULES.md §3.13)."""
    return alert.at + sources.lateness(alert.evidence[0].source if alert.evidence else "")


def settle(alerts: dict[str, Alert], sources: Sources, now: int) -> list[Alert]:
    """Settles the alerts whose source's lateness has passed (RULES.md §3.13); gives back those that changed."""
    said: list[Alert] = []
    for alert_id, alert in alerts.items():
        if not alert.settled and alert.state != WITHDRAWN and now >= settles_at(alert, sources):
            alerts[alert_id] = changed = msgspec.structs.replace(alert, settled=True, revision=alert.revision + 1)
            said.append(changed)
    return said
