"""The command that judges: a Faust worker with its lanes, until it is told to stop."""

import logging
import sys

import typer

from streams import topics
from streams.app import engine, serve
from streams.logs import quiet
from streams.settings import settings


def command() -> None:
    """判定进程：读取事件，写出告警与时钟；可同时运行多个，分区自动分配 · The worker that judges events. Start
    several: they share the partitions. It ends with SIGTERM or SIGINT, at the edge of a transaction.

    状态一致性由 Kafka 事务保证；异常退出后由监管程序重启 · After a failure it ends with status 1 and expects to be
    started again; everything is read again, nothing is said twice.

    例 · Example: KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092 MINGJING_CLOCK=wall mingjing worker
    """
    quiet(logging.INFO, sys.stderr)
    here = settings()
    cores = engine(here)
    topics.ensure(here)
    raise typer.Exit(serve(here, cores))
