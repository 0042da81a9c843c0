"""The days that the console draws, held against the clocks of the core over a simulated month with pauses."""

from collections import Counter, defaultdict

import msgspec

from rules.drive import Drive
from rules.judging.clock_days import clock_days
from rules.language import load_book
from rules.model.events import Tombstone, decode_message, to_event
from rules.model.times import local_day
from streams.console.archive import happening
from streams.console.declared import Declared
from streams.console.happenings import Happening, pauses_of
from streams.simulate import simulate
from warehouse.rows import StoredEvent


def told(value: bytes) -> Happening:
    message = decode_message(value)
    fact = to_event(message).fact
    data = b"" if isinstance(message, Tombstone) else msgspec.json.encode(message.data)  # type: ignore[attr-defined]
    return happening(
        StoredEvent(
            type=msgspec.json.decode(value)["type"],
            subject=message.subject,
            source=message.source,
            id=message.id,
            occurred_at=fact.occurred_at,
            recorded_at=fact.recorded_at,
            received_at=fact.received_at,
            operation="iud"[fact.operation],
            whole_day=fact.whole_day,
            rank=0,
            data=data.decode(),
            content="",
        )
    )


def test_every_drawn_day_adds_up_to_what_the_clock_counted() -> None:
    made, book = simulate(seed=7, days=30, cases=250), load_book()
    drive = Drive(book)
    drive.take([to_event(decode_message(each.value)) for each in made.messages])
    drive.until(made.now)
    known = Declared(book.tables, {})
    histories: dict[str, list[Happening]] = defaultdict(list)
    for each in made.messages:
        histories[decode_message(each.value).subject].append(told(each.value))
    seen: Counter[str] = Counter()
    for clock in drive.clocks():
        if clock.unit not in ("workdays", "days"):
            continue
        works, zone = known.works(clock.region), known.zone(clock.region)
        pauses = pauses_of(clock, histories[clock.subject], works, zone)
        assert pauses is not None, f"{clock.rule} {clock.subject}: the pauses of {clock.paused} are not explained"
        strip = clock_days(clock, works, clock.as_of, zone, pauses)
        assert strip.counted + strip.beyond == clock.used, (clock.rule, clock.subject)
        if clock.state == "ended" and clock.due_date and clock.stopped_at is not None:
            assert (local_day(clock.stopped_at, zone) > clock.due_date) == (clock.in_time is False)
        seen.update({clock.state: 1, "paused": clock.paused > 0})
    assert seen["open"] > 60 and seen["ended"] > 500 and seen["paused"] > 10, seen
