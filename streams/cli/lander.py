"""The command that lands events, alerts, clocks and dead letters in the warehouse."""

import asyncio
import logging
import signal
import sys
from functools import partial

from streams import topics
from streams.lander import Lander
from streams.metrics.door import told
from streams.metrics.lander import page
from streams.settings import settings
from warehouse.link import WarehouseUnavailable
from warehouse.migrations import migrate


def command() -> None:
    """把事件、告警、时钟和死信写入数据仓库，直到收到停止信号 · Lands events, alerts, clocks and dead letters
    in the warehouse until it is told to stop (SIGTERM, SIGINT).

    仓库不可用时等待，什么也不丢 · While the warehouse is out of reach it waits; nothing is dropped.

    例 · Example: CLICKHOUSE_URL=clickhouse://default:@127.0.0.1:9000/default mingjing lander
    """
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    for name in ("aiokafka", "kafka", "clickhouse_driver"):
        logging.getLogger(name).setLevel(logging.ERROR)
    topics.ensure(settings())
    asyncio.run(_land())


async def _land() -> None:
    lander = Lander(settings())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lander.stop)
    migrating = partial(asyncio.to_thread, migrate, settings().clickhouse_url)
    if await lander.until_done("the warehouse", WarehouseUnavailable, migrating) is None:
        return
    async with told(settings().metrics, partial(page, lander)):
        await lander.run()
    landed = ", ".join(f"{table} {count}" for table, count in sorted(lander.landed.items()))
    logging.getLogger(__name__).info("landed: %s", landed or "nothing")
