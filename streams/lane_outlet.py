"""Decides which record goes where: alerts, clocks, facts, dead letters and clock marks of one lane."""

from aiokafka import AIOKafkaProducer

from rules.model.alerts import alert_json, clock_json
from streams.codec import Partitioner, dead_letter_json
from streams.lane_commit import Outbox
from streams.lane_judge import Cores, Judged
from streams.marks import mark_headers
from streams.topics import ALERTS, CLOCKS, DEAD_LETTERS, FACTS, Names


class Outlet:
    """Writes into the outbox of a transaction; a record's key decides its partition."""

    def __init__(self, lane: str, names: Names, cores: Cores, partitions: dict[str, int]) -> None:
        self._lane, self.cores = lane, cores
        self._of = {topic: names.of(topic) for topic in (ALERTS, CLOCKS, DEAD_LETTERS, FACTS)}
        self._source = names.of(lane.rpartition("-")[0])
        self._partition = {topic: Partitioner(count) for topic, count in partitions.items()}

    def put(self, box: Outbox, judged: Judged) -> None:
        """Everything of a step but its rows; an alert is keyed by the group it is about, or its subject."""
        for letter in judged.letters:
            self._put(box, DEAD_LETTERS, self._source, dead_letter_json(letter))
        step, zone = judged.step, self.cores.zone
        if step is None:
            return
        for alert in step.alerts:
            self._put(box, ALERTS, alert.group or alert.subject, alert_json(alert, zone(alert.region)))
        for clock in step.clocks:
            self._put(box, CLOCKS, clock.subject, clock_json(clock, zone(clock.region)))
        for fact in step.facts:
            self._put(box, FACTS, fact.group, self.cores.encode_fact(fact))

    def put_marks(self, box: Outbox, at: int) -> None:
        """Tells every facts lane how far this lane has come; behind the facts of the same transaction."""
        for partition in range(self._partition[FACTS].partitions):
            box.put(self._of[FACTS], partition, None, None, mark_headers(at, self._lane))

    def _put(self, box: Outbox, topic: str, key: str, value: bytes) -> None:
        encoded = key.encode()
        box.put(self._of[topic], self._partition[topic](encoded), encoded, value)


async def outlet(lane: str, producer: AIOKafkaProducer, names: Names, cores: Cores) -> Outlet:
    """The outlet of a lane, once the broker has told how many partitions each topic has."""
    partitions = {
        topic: len(await producer.partitions_for(names.of(topic))) for topic in (ALERTS, CLOCKS, DEAD_LETTERS, FACTS)
    }
    return Outlet(lane, names, cores, partitions)
