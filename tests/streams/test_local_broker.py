"""The embedded broker: a real Kafka that keeps what was committed and leaves nothing behind."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams import topics
from streams.local import jars, ports
from streams.local.broker import Broker, BrokerError
from streams.topics import Names, Topic

pytestmark = pytest.mark.broker


async def produce(bootstrap: str, topic: str, values: list[bytes], *, commit: bool) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, transactional_id=f"{topic}-{commit}")
    await producer.start()
    await producer.begin_transaction()
    for value in values:
        await producer.send(topic, value, key=b"subject", partition=0)
    if commit:
        await producer.commit_transaction()
    else:
        await producer.abort_transaction()
    await producer.stop()


async def consume(bootstrap: str, topic: str, count: int) -> list[tuple[bytes, int]]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        records = [await consumer.getone() for _ in range(count)]
        return [(record.value, record.timestamp_type) for record in records]
    finally:
        await consumer.stop()


async def test_a_reader_of_committed_records_sees_the_transaction_that_was_committed_and_no_other(
    broker: str, prefix: str
) -> None:
    topic = f"{prefix}plain"
    topics.create(broker, [Topic(topic, 1, topics.STAMPED)])
    await produce(broker, topic, [b"aborted"], commit=False)
    await produce(broker, topic, [b"one", b"two"], commit=True)
    log_append_time = 1
    assert await consume(broker, topic, 2) == [(b"one", log_append_time), (b"two", log_append_time)]


async def test_what_was_committed_survives_a_kill_of_the_broker(own_broker: Callable[[], Broker], names: Names) -> None:
    running = own_broker()
    topic = names.of("survivor")
    topics.create(running.bootstrap, [Topic(topic, 1, topics.STAMPED)])
    await produce(running.bootstrap, topic, [b"kept"], commit=True)
    port = running.port
    running.kill()
    assert not running.alive
    running.start()
    assert running.port == port
    assert [value for value, _ in await consume(running.bootstrap, topic, 1)] == [b"kept"]
    pid = running.pid
    running.stop()
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_taken_port_is_named_together_with_how_to_choose_another(kafka_broker: Broker, tmp_path: Path) -> None:
    with pytest.raises(ports.PortTaken) as caught:
        Broker(tmp_path, kafka_broker.port, cache=kafka_broker.cache).start()
    assert str(kafka_broker.port) in str(caught.value)
    assert "--kafka-port" in str(caught.value)
    assert caught.value.exit_status == 3


def test_a_broker_that_cannot_start_says_why(tmp_path: Path, jar_cache: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder of the logs should be", encoding="utf-8")
    with pytest.raises(BrokerError, match="logs"):
        Broker(tmp_path, cache=jar_cache).start()


def test_a_jar_that_is_not_the_locked_one_is_refused_and_not_kept(tmp_path: Path, jar_cache: Path) -> None:
    jars.ensure(jar_cache)
    jar = next(each for each in jars.locked() if ":slf4j-api:" in each.coordinate)
    forged = jars.Jar(jar.coordinate, "0" * 64)
    target = forged.path(tmp_path)
    target.parent.mkdir(parents=True)
    target.write_bytes(b"PK not the jar")

    class Repository:
        """Stands where jgo's context does, and hands out the bytes of the real jar."""

        def create_dependency(self, coordinate: str) -> "Repository":
            assert coordinate == jar.coordinate
            return self

        @property
        def artifact(self) -> "Repository":
            return self

        def resolve(self) -> Path:
            target.write_bytes(jar.path(jar_cache).read_bytes())
            return target

    with pytest.raises(jars.JarError, match="not the file that was locked"):
        jars.fetch(Repository(), forged, tmp_path)
    assert not target.exists()


def test_the_lock_of_the_jars_names_each_with_a_digest_and_no_address(jar_cache: Path) -> None:
    listed = jars.locked()
    assert any(jar.coordinate.startswith("org.apache.kafka:kafka_2.13:4.3.") for jar in listed)
    assert len({jar.coordinate.rpartition(":")[0] for jar in listed}) == len(listed)
    assert "://" not in jars.LOCK.read_text(encoding="utf-8")
    assert all(jars.sha256_of(path) == jar.sha256 for jar, path in zip(listed, jars.ensure(jar_cache), strict=True))


def test_a_broken_line_of_the_lock_is_shown_with_its_place(tmp_path: Path) -> None:
    lock = tmp_path / "jars.lock"
    lock.write_text("# a comment\norg.example:thing 12\n", encoding="utf-8")
    with pytest.raises(jars.JarError, match=r"jars\.lock:2: "):
        jars.locked(lock)
