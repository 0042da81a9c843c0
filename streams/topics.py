"""Decides which topics there are and how each is kept; makes them, and refuses to run on others."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from streams.settings import Settings

SERVICE_EVENTS = "service.events"
INSPECTION_EVENTS = "inspection.events"
FACTS = "facts"
ALERTS = "alerts"
CLOCKS = "clocks"
ALERT_ACTIONS = "alert.actions"
BOOKS = "books"
BOOK_REPORTS = "book.reports"
DEAD_LETTERS = "dead.letters"

EVENTS = (SERVICE_EVENTS, INSPECTION_EVENTS)
WITH_STATE = (*EVENTS, FACTS)
"""The topics that lanes read: each has a changelog."""

DAY_MS = 86_400_000
LARGEST_MESSAGE = 4 * 1024 * 1024
"""Bytes; a subject's log segment (256 kB) fits many times over, a 10 MB event does not."""

STAMPED = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(LARGEST_MESSAGE)}


def _kept_for(days: int) -> dict[str, str]:
    return {**STAMPED, "cleanup.policy": "delete", "retention.ms": str(days * DAY_MS)}


def _compacted(tombstone_days: int) -> dict[str, str]:
    return {
        **STAMPED,
        "cleanup.policy": "compact",
        "delete.retention.ms": str(tombstone_days * DAY_MS),
        "min.cleanable.dirty.ratio": "0.3",
    }


CHANGELOG_DAYS = 30
"""How long a deletion stays readable in a changelog: a local store older than half of it is rebuilt."""


@dataclass(frozen=True, slots=True)
class Topic:
    name: str
    partitions: int
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """Full names: everything of one system shares its prefix."""

    prefix: str = ""
    app: str = "mingjing"

    def of(self, topic: str) -> str:
        return self.prefix + topic

    def changelog(self, topic: str) -> str:
        return f"{self.app}-{self.of(topic)}-changelog"


class TopicError(Exception):
    """A topic exists otherwise than we need it; the message lists every difference."""

    exit_status = 1


def plan(names: Names, partitions: int) -> tuple[Topic, ...]:
    """Every topic of the system; the keyed ones have `partitions`, what is read whole has one."""
    keyed = {
        SERVICE_EVENTS: _kept_for(30),
        INSPECTION_EVENTS: _kept_for(30),
        FACTS: _kept_for(30),
        ALERTS: _kept_for(365),
        CLOCKS: _kept_for(30),
        ALERT_ACTIONS: _kept_for(365),
    }
    return (
        *(Topic(names.of(topic), partitions, settings) for topic, settings in keyed.items()),
        Topic(names.of(BOOKS), 1, _compacted(365)),
        Topic(names.of(BOOK_REPORTS), 1, _compacted(1)),
        Topic(names.of(DEAD_LETTERS), 1, _kept_for(90)),
        *(Topic(names.changelog(topic), partitions, _compacted(CHANGELOG_DAYS)) for topic in WITH_STATE),
    )


def planned(settings: Settings) -> tuple[Topic, ...]:
    return plan(Names(settings.topic_prefix, settings.app), settings.partitions)


def ensure(settings: Settings) -> tuple[str, ...]:
    """Makes the topics that are missing; the names of those made. Unreachable: kafka.errors.KafkaError."""
    return create(settings.kafka_bootstrap_servers, planned(settings))


def create(bootstrap: str, topics: Iterable[Topic]) -> tuple[str, ...]:
    """Idempotent, also when two processes start at once; an existing topic that differs is a TopicError."""
    wanted = {topic.name: topic for topic in topics}
    admin = administrator(bootstrap)
    try:
        there = set(admin.list_topics()) & wanted.keys()
        if faults := _differences(admin, [wanted[name] for name in sorted(there)]):
            raise TopicError("\n".join(faults))
        missing = [topic for name, topic in wanted.items() if name not in there]
        if missing:
            _create_missing(admin, missing)
        return tuple(topic.name for topic in missing)
    finally:
        admin.close()


def differences(bootstrap: str, topics: Iterable[Topic]) -> list[str]:
    """What is missing or otherwise than planned, one line each; nothing is changed."""
    admin = administrator(bootstrap)
    try:
        there = set(admin.list_topics())
        wanted = list(topics)
        absent = [f"{topic.name}: does not exist" for topic in wanted if topic.name not in there]
        return absent + _differences(admin, [topic for topic in wanted if topic.name in there])
    finally:
        admin.close()


def administrator(bootstrap: str) -> Any:
    from kafka import KafkaAdminClient

    return KafkaAdminClient(bootstrap_servers=bootstrap.split(","), bootstrap_timeout_ms=10_000)


def _create_missing(admin: Any, missing: list[Topic]) -> None:
    answer = admin.create_topics(
        {topic.name: {"num_partitions": topic.partitions, "configs": dict(topic.settings)} for topic in missing},
        raise_errors=False,
    )
    already_exists = 36
    faults = [
        f"{each['name']}: {each['error_message'] or each['error_code']}"
        for each in answer["topics"]
        if each["error_code"] not in (0, already_exists)
    ]
    if faults:
        raise TopicError("\n".join(faults))
    admin.wait_for_topics([topic.name for topic in missing])


def _differences(admin: Any, topics: list[Topic]) -> list[str]:
    if not topics:
        return []
    from kafka.admin import ConfigResource, ConfigResourceType

    described = {each["name"]: each for each in admin.describe_topics([topic.name for topic in topics])}
    resources = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    configured = admin.describe_configs(resources, config_filter="all")
    faults: list[str] = []
    for topic in topics:
        count = len(described[topic.name]["partitions"])
        if count != topic.partitions:
            faults.append(f"{topic.name}: has {count} partitions, not {topic.partitions}")
        faults += _settings_that_differ(topic, configured["topic"][topic.name])
    return faults


def _settings_that_differ(topic: Topic, configured: Mapping[str, Any]) -> list[str]:
    return [
        f"{topic.name}: {name} is {configured[name]['value']}, not {expected}"
        for name, expected in topic.settings.items()
        if configured[name]["value"] != expected
    ]
