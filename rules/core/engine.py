"""Decides what is said of a subject where the engine itself failed it: rules that are off, a log that is full, doubt.

A rule that raises is reported by an alert of its own. A subject whose log has outgrown its cap is quarantined, and an
alert says so. An event whose fold raised is set aside: what else is said of its subject is doubtful, until that event
is taken after all.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rules.core.alerting import WITHDRAWN, alert_of
from rules.core.record import Record
from rules.judging.selector import Selector
from rules.judging.verdicts import Verdict
from rules.kinds.match import Match
from rules.language.rule import Book, Rule
from rules.model.alerts import DOUBTFUL, Alert, Text
from rules.model.events import Fact

MOST_LOG = 1 << 20
"""Bytes of log beyond which a subject is quarantined: one runaway key must not hold up its partition."""
QUARANTINED = f"the log of this subject has more than {MOST_LOG} bytes: further events are not judged"
DOUBT, FOLD_RAISED = DOUBTFUL, "fold_raised"
MOST_DOUBTS = 20
"""How many events that were set aside are kept of a subject by name: those that may yet be taken."""


def _rule(rule_id: str, name: Text, said: Text) -> Rule:
    """A rule of the engine: no event matches it."""
    body = Match(rule=rule_id, severity="notice", event=Selector())
    return Rule(
        id=rule_id, version=1, name=name, category="data", basis="project", severity="notice", kind="match",
        body=body, streams=("service", "inspection"), subject="subject", params={}, messages={"fire": said},
    )  # fmt: skip


ENGINE = _rule(
    "engine.error",
    Text("规则出错", "Rule failed"),
    Text("{{ subject }}：规则 {{ rule }} 无法判定", "{{ subject }}: rule {{ rule }} could not judge"),
)
"""The rule under which a rule that raised is reported."""
QUARANTINE = _rule(
    "engine.quarantine",
    Text("事件过多", "Too many events"),
    Text("{{ subject }}：事件过多，此后的事件不再判定", "{{ subject }}: too many events, further ones are not judged"),
)


def is_full(record: Record) -> bool:
    """Whether a subject takes no further event."""
    return len(record.log) > MOST_LOG


def is_told_full(record: Record) -> bool:
    return any(alert.rule == QUARANTINE.id and alert.state != WITHDRAWN for alert in record.alerts.values())


def quarantine_of(record: Record, book: Book, now: int) -> Alert:
    """The alert of a subject whose log is full; it stands as long as there is more than the cap."""
    rule = msgspec.structs.replace(QUARANTINE, streams=(record.stream,))
    verdict = Verdict(occasion=("", QUARANTINE.id), reason="quarantined", severity="notice", at=record.seen)
    return alert_of(rule, verdict, record.subject, (), book, now)


def doubt_of(fact: Fact) -> str:
    """What is noted of an event that was set aside."""
    return f"{DOUBT}:{fact.source}:{fact.id}"


def doubt(record: Record, fact: Fact) -> None:
    """Notes that this event is missing from what is said of its subject; of very many, only that there are more."""
    doubts = [each for each in record.noted if each.startswith(DOUBT)]
    record.noted |= {doubt_of(fact) if len(doubts) < MOST_DOUBTS else f"{DOUBT}:"}


def settle_doubt(record: Record, fact: Any) -> None:
    """An event that had been set aside comes again: if it is taken now, there is no more doubt about it."""
    if record.noted and doubt_of(fact) in record.noted:
        record.noted -= {doubt_of(fact)}
        record.states = record.quiet = None


def is_doubtful(record: Record) -> bool:
    return any(each.startswith(DOUBT) for each in record.noted)


def doubted(alert: Alert) -> Alert:
    """The alert with the mark of doubt."""
    return msgspec.structs.replace(alert, params=alert.params | {DOUBT: FOLD_RAISED})
