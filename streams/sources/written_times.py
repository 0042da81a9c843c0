"""Decides which instant a source means by a written time: offsets stay, naive times are local in its zone."""

from __future__ import annotations

from datetime import datetime

from rules.model.times import SECOND, iso, local_time, midnight, parse_day

CACHED_MINUTES = 200_000


class LocalTimes:
    """Reads the times of one source; the minute is cached, since its rows share the costly part."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._minutes: dict[str, tuple[str, str]] = {}

    def moment(self, text: str) -> str:
        """A written time → RFC 3339 with an offset. Raises ValueError for a date alone and for no time.

        As `2011-07-01 01:32:33`, `2011-07-01T01:32`, `20110701T013233`, `20110701013233`; fraction and
        offset may follow.
        """
        if len(text) < 19 or text[16] != ":" or not text[17:19].isdigit() or text[17:19] > "59":
            return self._slowly(text)
        tail = 19
        end = len(text)
        while tail < end and text[tail] not in "Z+-z":
            tail += 1
        fraction = text[19:tail]
        if fraction and (fraction[0] != "." or not fraction[1:].isdigit()):
            raise ValueError(f"`{text}` is not a time")
        head, offset = self._minute(text[:16], text[tail:])
        return f"{head}:{text[17:19]}{fraction}{offset}"

    def _minute(self, minute: str, offset: str) -> tuple[str, str]:
        key = minute + offset
        found = self._minutes.get(key)
        if found is None:
            if len(self._minutes) > CACHED_MINUTES:
                self._minutes.clear()
            written = self._slowly(f"{minute}:00{offset}")
            found = self._minutes[key] = written[:16], written[19:]
        return found

    def _slowly(self, text: str) -> str:
        if len(text) == 14 and text.isdigit():
            text = f"{text[:8]}T{text[8:]}"
        if len(text) in (8, 10) and "T" not in text:
            raise ValueError(f"`{text}` is a date without a time")
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.isoformat()
        clock = (moment.hour * 3600 + moment.minute * 60 + moment.second) * SECOND + moment.microsecond
        return iso(local_time(moment.date(), clock, self.zone), self.zone)

    def day(self, text: str) -> str:
        """A written date, or the date of a written time → `YYYY-MM-DD`. Raises ValueError."""
        if len(text) == 8 and text.isdigit():
            text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        return parse_day(text[:10] if len(text) > 10 and text[10] in "T " else text).isoformat()

    def midnight(self, text: str) -> str:
        """The beginning of a written date in the source's zone, in RFC 3339. Raises ValueError."""
        return iso(midnight(parse_day(self.day(text)), self.zone), self.zone)

    @staticmethod
    def is_day(text: str) -> bool:
        """True for a date without a time."""
        return len(text) == 10 or (len(text) == 8 and text.isdigit())
