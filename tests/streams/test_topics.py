"""The topics: made once with their settings, never silently used otherwise."""

from dataclasses import replace

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from streams import topics
from streams.settings import Settings
from streams.topics import Names, TopicError

pytestmark = pytest.mark.broker


def test_topics_are_made_once_with_the_settings_of_the_plan(broker: str, broker_settings: Settings) -> None:
    planned = topics.planned(broker_settings)
    assert sorted(topics.ensure(broker_settings)) == sorted(topic.name for topic in planned)
    assert topics.ensure(broker_settings) == ()
    assert topics.differences(broker, planned) == []
    admin = KafkaAdminClient(bootstrap_servers=broker)
    changelog = Names(broker_settings.topic_prefix, broker_settings.app).changelog(topics.FACTS)
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, changelog)], config_filter="all")
    admin.close()
    configured = found["topic"][changelog]
    assert configured["cleanup.policy"]["value"] == "compact"
    assert configured["message.timestamp.type"]["value"] == "LogAppendTime"


def test_a_topic_with_other_partitions_or_settings_is_refused_with_every_difference(
    broker: str, broker_settings: Settings
) -> None:
    alerts = Names(broker_settings.topic_prefix, broker_settings.app).of(topics.ALERTS)
    topics.create(broker, [topics.Topic(alerts, 2, {"cleanup.policy": "compact"})])
    with pytest.raises(TopicError) as caught:
        topics.ensure(replace(broker_settings, partitions=3))
    assert f"{alerts}: has 2 partitions, not 3" in str(caught.value)
    assert f"{alerts}: cleanup.policy is compact, not delete" in str(caught.value)


def test_only_the_lanes_topics_have_a_changelog_and_only_what_is_read_whole_has_one_partition() -> None:
    planned = {topic.name: topic for topic in topics.plan(Names("p.", "a"), 7)}
    assert {name for name in planned if name.endswith("-changelog")} == {
        "a-p.service.events-changelog",
        "a-p.inspection.events-changelog",
        "a-p.facts-changelog",
    }
    whole = {name for name, topic in planned.items() if topic.partitions == 1}
    assert whole == {"p.books", "p.book.reports", "p.dead.letters"}
