"""Decides which alerts the terminal shows as they come, and how one line tells of one."""

from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer
from rich.text import Text

from rules.model.alerts import Alert, parse_alert
from rules.model.times import iso
from streams import clock
from streams.settings import Settings
from streams.topics import ALERTS, Names

AT_ONCE = 3
"""Lines a second while a month is being judged; the rest is counted."""

STYLES = {"notice": "cyan", "yellow_card": "yellow", "red_card": "bold red"}
WORDS = {
    "notice": ("提醒", "notice"),
    "yellow_card": ("黄牌", "yellow card"),
    "red_card": ("红牌", "red card"),
}


def line(alert: Alert, language: str) -> Text:
    """时间 · time, severity, rule, and the alert's own sentence."""
    chinese = language == "zh"
    word = WORDS[alert.severity][0 if chinese else 1]
    said = alert.message.zh if chinese else alert.message.en
    return Text.assemble(
        (iso(alert.at, "Asia/Shanghai")[:16].replace("T", " "), "dim"),
        "  ",
        (f"{word:<12}", STYLES[alert.severity]),
        (f"{alert.rule:<12}", "bold"),
        said or f"{alert.subject} {alert.reason}",
    )


class Ticker:
    """Shows every alert the first time it stands; in a flood a few lines a second and a count."""

    def __init__(self, show: Callable[[Any], None], language: str) -> None:
        self._show, self._language = show, language
        self._standing: set[str] = set()
        self._told: set[str] = set()
        self._second, self._shown, self._held = 0, 0, 0

    def take(self, alert: Alert, second: int) -> None:
        if alert.state == "withdrawn":
            self._standing.discard(alert.alert_id)
            return
        self._standing.add(alert.alert_id)
        if alert.alert_id in self._told:
            return
        self._told.add(alert.alert_id)
        if second != self._second:
            self.settle()
            self._second, self._shown = second, 0
        if self._shown < AT_ONCE:
            self._shown += 1
            self._show(line(alert, self._language))
        else:
            self._held += 1

    def settle(self) -> None:
        """Tells of those that went by."""
        if self._held:
            more = "另有" if self._language == "zh" else "and"
            rest = "条" if self._language == "zh" else "more"
            standing = f"{len(self._standing):,}"
            self._show(Text(f"  … {more} {self._held:,} {rest} (Σ {standing})", style="dim"))
            self._held = 0


async def follow(settings: Settings, ticker: Ticker) -> None:
    """Endless: the alerts topic from its beginning, committed records only."""
    names = Names(settings.topic_prefix, settings.app)
    async with AIOKafkaConsumer(
        names.of(ALERTS),
        bootstrap_servers=settings.kafka_bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    ) as consumer:
        while True:
            found = await consumer.getmany(timeout_ms=500)
            second = int(clock.monotonic())
            for records in found.values():
                for record in records:
                    ticker.take(parse_alert(record.value), second)
            if not found:
                ticker.settle()
