"""Decides how the clock of a deadline rule is read: its own keys over those of the clock that it names."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from rules.expression import Compiled
from rules.judging.amount import Amount
from rules.judging.ladder import Ladder, Rung
from rules.judging.marks import Terms
from rules.judging.selector import Selector
from rules.kinds.deadline import Deadline
from rules.language.escalations import read_escalations, written_once
from rules.language.reading import Head, Reading, types_of
from rules.language.words import known, missing, must_be_true, suggest, word
from rules.language.yaml import Node
from rules.model.events import EventType
from rules.model.spans import Span, Unit

CLOCK_KEYS = (
    "start", "deemed", "stop", "void", "pause", "resume", "restart", "extend", "within", "until", "grace",
    "roll", "per", "start_in_time", "relief", "warn_at", "fire_at", "escalate", "off_hours",
)  # fmt: skip
PAUSE_KEYS = ("at_most", "all")
STOP_KEYS = ("final",)
EXTEND_KEYS = ("by", "max", "times", "before_due")


class ClockText:
    """A clock as it is written: the mapping of the rule, and below it the one of the clock that it names."""

    def __init__(self, node: Node, clocks: dict[str, Node]) -> None:
        self.node = node
        self.name = word(node, "clock") if node.get("clock") is not None else ""
        self.named = clocks.get(self.name)
        place = node.get("clock")
        if place is not None and self.name and self.named is None:
            place.fault("unknown-clock", f"`{self.name}` is not in clocks.yaml", suggest(self.name, clocks))

    @property
    def whole(self) -> bool:
        """False where the named clock is not there, so that what it would have said is unknown."""
        return self.node.get("clock") is None or self.named is not None

    def get(self, key: str) -> Node | None:
        own = self.node.get(key)
        return own if own is not None or self.named is None else self.named.get(key)

    def under(self, key: str, keys: tuple[str, ...]) -> dict[str, Node]:
        """The mapping under a key, which has these keys at most; empty where there is none."""
        node = self.get(key)
        return dict(node.items()) if node is not None and known(node, keys) else {}

    def each(self, key: str) -> list[Node]:
        node = self.get(key)
        return node.elements() if node is not None else []


class Limit(Struct, frozen=True):
    """How long a clock runs: an expression or the days that an event grants, or until when."""

    within: Compiled | None
    days: Amount | None
    otherwise: Span | None
    until: Compiled | None


def read_deadline(node: Node, head: Head, reading: Reading) -> Deadline | None:
    """The clock vocabulary of RULES.md §1."""
    if not known(node, ("clock", *CLOCK_KEYS)):
        return None
    reading.of_clock = True
    clock = ClockText(node, dict(head.clocks))
    start, restart = (reading.selector(clock.get(key)) for key in ("start", "restart"))
    stop = reading.selector(clock.get("stop"), each=STOP_KEYS)
    deemed = clock.under("deemed", ("from", "unless", "after"))
    deemed_from = reading.selector(deemed.get("from"))
    if clock.get("start") is None and clock.get("restart") is None and clock.whole:
        missing(node, "start", "is required: what opens the clock")
    openers = types_of(start, restart, deemed_from)
    told, void = _start_in_time(clock), reading.selector(clock.get("void"))
    told_by = reading.selector(told.get("after"))
    extend = _extend(clock, reading)
    keyed = types_of(start, stop, restart, void, extend, told_by)
    when = reading.expression(head.when, openers, ("bool",))
    reading.proved = when.proved if when else frozenset()
    limit = _limit(clock, reading, openers)
    pause = reading.selector(clock.get("pause"), PAUSE_KEYS)
    relief = clock.under("relief", ("recorded_within",))
    deadline = Deadline(
        ladder=_ladder(clock, head, reading, limit),
        shared=bool(clock.name),
        start=start,
        stop=stop,
        void=void,
        pause=pause,
        resume=reading.selector(clock.get("resume")),
        restart=restart,
        extend=extend,
        when=when,
        within=limit.within,
        within_days=limit.days,
        otherwise=limit.otherwise,
        until=limit.until,
        per=reading.expression(clock.get("per"), keyed, ("string",)),
        approved=_amount(_below(clock, "pause", "at_most"), reading, types_of(pause)),
        granted=_amount(_below(clock, "extend", "by"), reading, types_of(extend)),
        extension_max=reading.expression(_below(clock, "extend", "max"), types_of(extend), ("span",), True),
        told=told_by,
        told_within=reading.span(told.get("within")),
        deemed_from=deemed_from,
        deemed_unless=reading.selector(deemed.get("unless")),
        deemed_after=reading.span(deemed.get("after")),
        deemed_terms=Terms(reopens=True, off_hours=True),
        terms=_terms(clock, reading, stop),
        relief=Span(reading.exact(relief.get("recorded_within")), "exact") if relief else None,
    )
    meanings = deadline.by_rank()
    own_times = any(
        clause.at is not None for meant in meanings.values() for _, each in meant for clause in each.clauses
    )
    rereads = deadline.per is not None or bool(deadline.deemed_from.clauses) or own_times
    return msgspec.structs.replace(
        deadline, meanings=meanings, ranks=frozenset(meanings), plain=deadline.plainly(), rereads=rereads,
        by_own_times=own_times,
    )  # fmt: skip


def _start_in_time(clock: ClockText) -> dict[str, Node]:
    """After what, and how long after it, a start counts."""
    node, found = clock.get("start_in_time"), clock.under("start_in_time", ("after", "within"))
    for key in ("after", "within"):
        if node is not None and node.is_map and key not in found:
            missing(node, key)
    return found


def _limit(clock: ClockText, reading: Reading, openers: Sequence[EventType]) -> Limit:
    within, until = clock.get("within"), clock.get("until")
    if (within is None) == (until is None) and clock.whole:
        missing(clock.node, "within", "or else `until` is required, one of them")
    compiled = days = otherwise = None
    if within is not None and within.is_map:
        days, otherwise = _amount(within, reading, openers, "else"), reading.span(within.get("else"))
    else:
        compiled = reading.expression(within, openers, ("span", "exact"), True)
    moment = reading.expression(until, openers, ("moment", "time"), True)
    return Limit(compiled, days, otherwise, moment)


def _extend(clock: ClockText, reading: Reading) -> Selector:
    node = clock.get("extend")
    if node is not None and _below(clock, "extend", "by") is None:
        node.fault("missing-key", "`by` is required: how many days an extension adds")
    why = "an extension that comes after the due date never counts (CLOCKS.md 15)"
    must_be_true(_below(clock, "extend", "before_due"), why)
    must_be_true(_below(clock, "pause", "all"), "a pause always stops every clock of its subject")
    return reading.selector(node, EXTEND_KEYS)


def _terms(clock: ClockText, reading: Reading, stop: Selector) -> Terms:
    times = reading.number(_below(clock, "extend", "times"))
    return Terms(
        reopens=stop.has_in_time,
        extension_times=1 if times is None else int(times),
        extension_limited=_below(clock, "extend", "max") is not None,
        roll=_choice(clock, "roll", "next_workday", "none"),
        grace=reading.span(clock.get("grace")),
        off_hours=_choice(clock, "off_hours", "by_region", "same_day"),
    )


def _ladder(clock: ClockText, head: Head, reading: Reading, limit: Limit) -> Ladder:
    fire_at = clock.get("fire_at")
    warnings = (_rung(each, reading, limit) for each in clock.each("warn_at"))
    return Ladder(
        rule=head.rule,
        clock=clock.name or head.rule,
        stream=head.stream,
        severity=head.severity,
        fire_at=_rung(fire_at, reading, limit) if fire_at is not None else None,
        warn_at=tuple(each for each in warnings if each is not None),
        escalate=read_escalations(written_once(head.escalate, clock.get("escalate")), reading),
    )


def _below(clock: ClockText, key: str, below: str) -> Node | None:
    node = clock.get(key)
    return node.get(below) if node is not None else None


def _amount(node: Node | None, reading: Reading, types: Sequence[EventType], *also: str) -> Amount | None:
    if node is None or not known(node, ("of", "unit", *also)):
        return None
    unit: Unit = "workdays" if word(node, "unit", ("workdays", "days")) == "workdays" else "days"
    if node.get("of") is None:
        missing(node, "of")
    compiled = reading.expression(node.get("of"), types, ("number",), True)
    return Amount(compiled, unit) if compiled else None


def _choice(clock: ClockText, key: str, yes: str, no: str) -> bool:
    node = clock.get(key)
    if node is None:
        return False
    if node.value not in (yes, no):
        node.fault("unknown-word", f"`{key}` is {yes} or {no}, not {node.shown}", suggest(node.value, (yes, no)))
    return bool(node.value == yes)


def _rung(node: Node, reading: Reading, limit: Limit) -> Rung | None:
    if node.is_map:
        known(node, ("left",))
        left = reading.span(node.get("left"))
        if left is None:
            return None
        exact = limit.within is not None and limit.within.kind == "exact"
        if limit.within is not None and exact != (left.unit == "exact"):
            node.fault("unit", f"`{left}` cannot be taken from a limit in {'hours' if exact else 'days'}")
        return Rung(str(left), left=left)
    text = str(node.value)
    if text.endswith("%") and text[:-1].isdecimal() and len(text) <= 3 and int(text[:-1]) > 0:
        return Rung(text, percent=int(text[:-1]))
    node.fault("not-a-share", f"{node.shown} is neither a share such as `80%` nor {{left: 1 workday}}")
    return None
