"""Decides what one line of the queue says."""

from __future__ import annotations

from urllib.parse import quote

from rules.model.alerts import Alert
from streams.console.board import Entry
from streams.console.declared import Declared
from streams.console.lights import ink
from streams.console.wording import Words

COLUMNS = ("severity", "changed", "rule", "subject", "message", "department", "due", "state")


def address(alert_id: str, language: str) -> str:
    """The deep link of an alert."""
    return f"/alert/{quote(alert_id, safe='')}?lang={language}"


def row_of(alert: Alert, words: Words, known: Declared) -> dict[str, str]:
    """The same of an alert of which it does not matter when it changed."""
    return row(Entry(alert, alert.at, ""), words, known)


def row(entry: Entry, words: Words, known: Declared) -> dict[str, str]:
    """A row of the table: texts only, which the page shows as text and never as markup."""
    alert = entry.alert
    colour = known.colour(alert.region, alert.severity)
    changed = known.when(entry.changed_at, alert.region)
    return {
        "id": alert.alert_id,
        "href": address(alert.alert_id, words.language),
        "look": f"state-{alert.state}" + ("" if alert.settled else " preliminary"),
        "severity": words.name("severity", alert.severity),
        "tint": f"background:{colour};color:{ink(colour)}",
        "day": changed[:10],
        "time": changed[11:],
        "happened": words("queue.happened", at=known.when(alert.at, alert.region)),
        "rule": alert.rule + (f" · {alert.step}" if alert.step else ""),
        "rule_name": known.rule_name(alert.rule, words.language),
        "subject": alert.subject,
        "message": (alert.message.zh if words.language == "zh" else alert.message.en) or alert.reason,
        "department": alert.department or alert.responsible,
        "due": "" if alert.due_date is None else alert.due_date.isoformat(),
        "due_flag": words("flag.provisional") if alert.provisional else "",
        "state": words.name("state", alert.state),
        "state_look": f"chip-{alert.state}",
        "reason": words.name("reason", alert.reason),
        "flag": "" if alert.settled else words("flag.preliminary"),
        "flag_why": words("flag.preliminary_why"),
        "doubt": words("flag.doubtful") if alert.is_doubtful else "",
        "doubt_why": words("flag.doubtful_why"),
        "revision": f"r{alert.revision}" if alert.revision > 1 else "",
        "revision_name": words("queue.revision", n=alert.revision),
    }
