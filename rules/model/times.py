"""Decides how a written time becomes epoch microseconds and back, and on which local day an instant lies."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
QUARTER = 15 * MINUTE
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

WRITTEN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}.(?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}")
"""Times whose parts mean the same in any combination."""
HOURS: dict[str, int] = {}
CLOCKS: dict[str, int] = {}
TAILS: dict[str, int] = {}
"""What the parts of written times mean: `2024-03-01T09`, `:30:00`, and the fraction with the offset."""
_offsets: dict[str, dict[int, int]] = {}
MOST_KNOWN = 200_000
FIRST, LAST = -2_208_988_800 * SECOND + 2 * DAY, 29_348_006_400 * SECOND - 2 * DAY
"""Only times well within the years 1900 to 2899 are remembered: what is put together of their parts is within."""


def parse_time(text: str) -> int:
    """An RFC 3339 time with an offset → epoch microseconds. Raises ValueError.

    Its hour, its minute and second, and what follows them (fraction, offset) are remembered each: few differ.
    """
    try:
        return HOURS[text[:13]] + CLOCKS[text[13:19]] + TAILS[text[19:]]
    except KeyError:
        return _parse_anew(text)


def _parse_anew(text: str) -> int:
    """A time with a part that was not met yet."""
    if len(text) < 17 or text[16] != ":":
        return _parse_slowly(text)
    tail = 19
    end = len(text)
    while tail < end and text[tail] not in "Z+-z":
        tail += 1
    minute = _parse_slowly(text[:16] + ":00" + text[tail:])
    seconds = text[17:19]
    if tail == 19:
        fraction = 0
    else:
        digits = text[20:tail]
        if text[19] != "." or not digits.isdigit():
            raise ValueError(f"`{text}` is not a time")
        fraction = int(digits[:6].ljust(6, "0"))
    if not (seconds.isdigit() and seconds.isascii()) or int(seconds) > 59:
        raise ValueError(f"`{text}` is not a time")
    at = minute + int(seconds) * SECOND + fraction
    if WRITTEN.match(text) and FIRST < at < LAST:
        _remember(text, at)
    return at


def _remember(text: str, at: int) -> None:
    for known in (HOURS, TAILS):
        if len(known) > MOST_KNOWN:
            known.clear()
    hour = HOURS[text[:13]] = _parse_slowly(text[:13] + ":00Z")
    clock = CLOCKS[text[13:19]] = int(text[14:16]) * MINUTE + int(text[17:19]) * SECOND
    TAILS[text[19:]] = at - hour - clock


def _parse_slowly(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"`{text}` has no offset from UTC")
    whole = moment.replace(microsecond=0) - datetime(1970, 1, 1, tzinfo=UTC)
    return (whole.days * 86400 + whole.seconds) * SECOND + moment.microsecond


def parse_day(text: str) -> date:
    """`YYYY-MM-DD` → a date. Raises ValueError."""
    if len(text) != 10:
        raise ValueError(f"`{text}` is not a date")
    return date.fromisoformat(text)


@lru_cache(maxsize=64)
def zone_of(name: str) -> ZoneInfo:
    """The zone of that IANA name. Raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"`{name}` is not a time zone") from error


def offset_at(at: int, zone: str) -> int:
    """The offset of a zone from UTC in microseconds at an instant; zones change on quarter hours only."""
    try:
        return _offsets[zone][at // QUARTER]
    except KeyError:
        return _offset_anew(at, zone)


def _offset_anew(at: int, zone: str) -> int:
    known = _offsets.setdefault(zone, {})
    if len(known) > MOST_KNOWN:
        known.clear()
    delta = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone_of(zone))
    step = delta.utcoffset()
    offset = known[at // QUARTER] = 0 if step is None else (step.days * 86400 + step.seconds) * SECOND
    return offset


def local_day(at: int, zone: str) -> date:
    """The calendar day of an instant in a zone."""
    return date.fromordinal((at + offset_at(at, zone)) // DAY + EPOCH_ORDINAL)


def midnight(day: date, zone: str) -> int:
    """The instant at which a local day begins."""
    return local_time(day, 0, zone)


def local_time(day: date, micros: int, zone: str) -> int:
    """The instant of a wall-clock time, given as microseconds after 00:00 of a local day."""
    naive = (day.toordinal() - EPOCH_ORDINAL) * DAY + micros
    guess = naive - offset_at(naive, zone)
    return naive - offset_at(guess, zone)


def next_midnight(day: date, zone: str) -> int:
    """The instant at which the day after a local day begins: the end of the day."""
    return midnight(day + timedelta(days=1), zone)


def instant_of(written: str, zone: str) -> int:
    """A time, or a date for its 00:00, in a zone; an offset in the text wins. Raises ValueError, OverflowError."""
    try:
        return parse_time(written)
    except ValueError:
        pass
    if len(written) == 10:
        return local_time(date.fromisoformat(written), 0, zone)
    naive = datetime.fromisoformat(written)
    if naive.tzinfo is not None:
        return parse_time(naive.isoformat())
    midnight = naive.replace(hour=0, minute=0, second=0, microsecond=0)
    return local_time(naive.date(), (naive - midnight).seconds * SECOND + naive.microsecond, zone)


def iso(at: int, zone: str = "UTC") -> str:
    """Epoch microseconds → ISO 8601 with the zone's offset; no fraction where it is zero."""
    offset = offset_at(at, zone)
    days, rest = divmod(at + offset, DAY)
    seconds, micros = divmod(rest, SECOND)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    away, late = divmod(abs(offset) // MINUTE, 60)
    fraction = f".{micros:06d}" if micros else ""
    sign = "-" if offset < 0 else "+"
    return f"{_date(days)}T{hour:02d}:{minute:02d}:{second:02d}{fraction}{sign}{away:02d}:{late:02d}"


@lru_cache(maxsize=4096)
def _date(days: int) -> str:
    return date.fromordinal(days + EPOCH_ORDINAL).isoformat()
