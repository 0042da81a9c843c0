"""Decides how a shadow version compares with the live rule: what both say, and what only one of them says."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from rules.model.alerts import Alert

LIVE = "live"
MOST_SHOWN = 50

Said = tuple[str, str, tuple[str, str]]


class Comparison(Struct, frozen=True):
    """One shadow version of a rule beside what is live of it; withdrawn alerts are not said any more."""

    rule: str
    version: int
    shadow: int
    live: int
    both: int
    only_shadow: tuple[Alert, ...]
    only_live: tuple[Alert, ...]


def comparisons(alerts: Iterable[Alert]) -> list[Comparison]:
    """Every shadow version of which there are alerts, by rule and version."""
    live: dict[str, dict[Said, Alert]] = {}
    shadows: dict[tuple[str, int], dict[Said, Alert]] = {}
    for alert in alerts:
        if alert.state == "withdrawn":
            continue
        of = live.setdefault(alert.rule, {}) if alert.mode == LIVE else shadows.setdefault(_version(alert), {})
        of[_occasion(alert)] = alert
    return [_compared(*key, shadows[key], live.get(key[0], {})) for key in sorted(shadows)]


def _version(alert: Alert) -> tuple[str, int]:
    return alert.rule, alert.version


def _occasion(alert: Alert) -> Said:
    return alert.group or alert.subject, alert.step, alert.occasion


def _compared(rule: str, version: int, shadow: dict[Said, Alert], live: dict[Said, Alert]) -> Comparison:
    return Comparison(
        rule=rule,
        version=version,
        shadow=len(shadow),
        live=len(live),
        both=len(shadow.keys() & live.keys()),
        only_shadow=_first(shadow, live),
        only_live=_first(live, shadow),
    )


def _first(one: dict[Said, Alert], other: dict[Said, Alert]) -> tuple[Alert, ...]:
    alone = sorted((alert for key, alert in one.items() if key not in other), key=lambda alert: -alert.at)
    return tuple(alone)
