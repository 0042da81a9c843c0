"""The command that judges: a Faust worker with its lanes, until it is told to stop."""

import logging
import sys

import typer

from rules.language import load_book
from streams import topics
from streams.app import serve
from streams.books.edition import edition_of
from streams.books.following import Follower
from streams.collecting import collect_seldom
from streams.logs import quiet
from streams.settings import settings


def command() -> None:
    """判定进程：读取事件，写出告警与时钟；可同时运行多个，分区自动分配 · The worker that judges events. Start
    several: they share the partitions. It ends with SIGTERM or SIGINT, at the edge of a transaction.

    状态一致性由 Kafka 事务保证；异常退出后由监管程序重启 · After a failure it ends with status 1 and expects to be
    started again; everything is read again, nothing is said twice.

    规则取自最近发布的规则集，未发布过则用随附规则；MINGJING_BOOK 固定为某个目录 · It judges by the book that was
    published last and follows what is published, or by the folder that MINGJING_BOOK names.

    例 · Example: KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:9092 MINGJING_CLOCK=wall mingjing worker
    """
    quiet(logging.INFO, sys.stderr)
    here = settings()
    pinned = edition_of(load_book(here.book), str(here.book)) if here.book is not None else None
    collect_seldom()
    topics.ensure(here)
    if pinned is not None:
        raise typer.Exit(serve(here, pinned))
    follower = Follower(here)
    raise typer.Exit(serve(here, follower.first(), follower))
