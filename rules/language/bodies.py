"""Decides how the body of each rule kind is read; a new kind is a file in `kinds`, a reader here, a line in `Body`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from rules.judging.clockwork import Terms
from rules.judging.ladder import Escalation, Ladder, Rung
from rules.judging.selector import Selector
from rules.kinds.count import Count, Grouping
from rules.kinds.deadline import Amount, Deadline
from rules.kinds.match import Match
from rules.kinds.separation import Separation
from rules.kinds.sequence import Sequence
from rules.language.reading import Reading, known, types_of, word
from rules.language.rule import Body
from rules.language.yaml import Node
from rules.model.alerts import SEVERITIES
from rules.model.spans import Span, Unit

CLOCK_KEYS = (
    "start", "deemed", "stop", "void", "pause", "resume", "restart", "extend", "within", "until", "grace", "roll",
    "per", "relief", "warn_at", "fire_at", "escalate", "off_hours",
)  # fmt: skip
SCALARS = ("string", "number", "bool")


class Head:
    """What a body needs of the rule around it."""

    def __init__(self, rule: str, stream: str, severity: str, when: Node | None, clocks: Mapping[str, Node]) -> None:
        self.rule, self.stream, self.severity, self.when, self.clocks = rule, stream, severity, when, clocks


def read_deadline(node: Node, head: Head, reading: Reading) -> Deadline | None:
    """The clock vocabulary of RULES.md §1; keys of the rule win over those of the named clock."""
    known(node, ("clock", *CLOCK_KEYS))
    clock = word(node, "clock", default="") if node.get("clock") else ""
    named = head.clocks.get(clock)
    if clock and named is None:
        place = node.get("clock") or node
        place.fault("unknown-clock", f"`{clock}` is not in clocks.yaml")

    def part(key: str) -> Node | None:
        own = node.get(key)
        return own if own is not None or named is None else named.get(key)

    start, stop = reading.selector(part("start")), reading.selector(part("stop"))
    restart, deemed = reading.selector(part("restart")), part("deemed")
    deemed_from = reading.selector(deemed.get("from")) if deemed else Selector()
    if part("start") is None and part("restart") is None:
        node.fault("missing-key", "a clock needs `start`")
    openers = types_of(start, restart, deemed_from)
    when = reading.expression(head.when, openers, ("bool",))
    reading.proved = when.proved if when else frozenset()
    within, otherwise, until = part("within"), None, part("until")
    if (within is None) == (until is None):
        node.fault("missing-key", "a clock needs either `within` or `until`")
    spans = ("span", "exact")
    compiled_within = granted_within = None
    if within is not None and within.is_map:
        known(within, ("of", "unit", "else"))
        granted_within, otherwise = _amount(within, reading, openers), reading.span(within.get("else"))
    elif within is not None:
        compiled_within = reading.expression(within, openers, spans, True)
    pause, extend = part("pause"), part("extend")
    pause_selector, extend_selector = reading.selector(pause), reading.selector(extend)
    at_most = pause.get("at_most") if pause is not None and pause.is_map else None
    by = extend.get("by") if extend is not None and extend.is_map else None
    most = extend.get("max") if extend is not None and extend.is_map else None
    terms = Terms(
        reopens=stop.has_in_time,
        bounded_pauses=at_most is not None,
        extension_times=int(reading.number(extend.get("times")) or 1) if extend is not None and extend.is_map else 1,
        extension_limited=most is not None,
        roll=_roll(part("roll")),
        grace=reading.span(part("grace")),
        off_hours=_off_hours(part("off_hours")),
    )
    fire_at, warn_at, escalate = part("fire_at"), part("warn_at"), part("escalate")
    relief = part("relief")
    deadline = Deadline(
        ladder=Ladder(
            rule=head.rule,
            clock=clock or head.rule,
            stream=head.stream,
            severity=head.severity,
            fire_at=_rung(fire_at, reading) if fire_at else None,
            warn_at=tuple(r for each in (warn_at.elements() if warn_at else []) if (r := _rung(each, reading))),
            escalate=tuple(
                e for each in (escalate.elements() if escalate else []) if (e := _escalation(each, reading))
            ),
        ),
        shared=bool(clock),
        start=start,
        stop=stop,
        void=reading.selector(part("void")),
        pause=pause_selector,
        resume=reading.selector(part("resume")),
        restart=restart,
        extend=extend_selector,
        when=when,
        within=compiled_within,
        within_days=granted_within,
        otherwise=otherwise,
        until=reading.expression(until, openers, ("moment", "time"), True),
        per=reading.expression(part("per"), types_of(start, stop, restart), ("string",)),
        approved=_amount(at_most, reading, types_of(pause_selector)) if at_most else None,
        granted=_amount(by, reading, types_of(extend_selector)) if by else None,
        extension_max=reading.expression(most, types_of(extend_selector), ("span",), True),
        deemed_from=deemed_from,
        deemed_unless=reading.selector(deemed.get("unless")) if deemed else Selector(),
        deemed_after=reading.span(deemed.get("after")) if deemed else None,
        deemed_terms=Terms(reopens=True, off_hours=True),
        terms=terms,
        relief=reading.span(relief.get("recorded_within")) if relief else None,
    )
    meanings = deadline.by_rank()
    return msgspec.structs.replace(deadline, meanings=meanings, ranks=frozenset(meanings))


def _amount(node: Node, reading: Reading, types: list[object]) -> Amount | None:
    known(node, ("of", "unit", "else"))
    unit: Unit = "workdays" if word(node, "unit", ("workdays", "days")) == "workdays" else "days"
    if node.get("of") is None:
        node.fault("missing-key", "`of` is required")
    compiled = reading.expression(node.get("of"), types, ("number",), True)  # type: ignore[arg-type]
    return Amount(compiled, unit) if compiled else None


def _roll(node: Node | None) -> bool:
    if node is None:
        return False
    if node.value not in ("next_workday", "none"):
        node.fault("unknown-word", "`roll` is next_workday or none")
    return node.value == "next_workday"


def _off_hours(node: Node | None) -> bool:
    if node is None:
        return False
    if node.value not in ("by_region", "same_day"):
        node.fault("unknown-word", "`off_hours` is by_region or same_day")
    return node.value == "by_region"


def _rung(node: Node, reading: Reading) -> Rung | None:
    if node.is_map:
        known(node, ("left",))
        left = reading.span(node.get("left"))
        return Rung(str(left), left=left) if left else None
    text = str(node.value)
    if text.endswith("%") and text[:-1].isdigit() and 0 < int(text[:-1]) < 100:
        return Rung(text, percent=int(text[:-1]))
    node.fault("not-a-share", f"`{text}` is neither a share such as `80%` nor {{left: 1 workday}}")
    return None


def _escalation(node: Node, reading: Reading) -> Escalation | None:
    known(node, ("after", "severity", "to"))
    after = reading.span(node.get("after"))
    if after is None:
        node.fault("missing-key", "`after` is required")
        return None
    severity = word(node, "severity", SEVERITIES, "") if node.get("severity") else ""
    return Escalation(after, severity, word(node, "to", default="") if node.get("to") else "")


def read_match(node: Node, head: Head, reading: Reading) -> Match | None:
    """`match: {event, when}`."""
    known(node, ("event", "when"))
    event = reading.selector(node.get("event"))
    when = reading.expression(node.get("when") or head.when, types_of(event), ("bool",))
    return Match(rule=head.rule, severity=head.severity, event=event, when=when, ranks=event.ranks)


def read_separation(node: Node, head: Head, reading: Reading) -> Separation | None:
    """`separation: {duties: [[…], […]], actor}`."""
    known(node, ("duties", "actor"))
    duties = node.get("duties")
    if duties is None or not duties.is_list or len(duties.value) < 2:
        (duties or node).fault("missing-key", "`duties` are two lists of events, or more")
        return None
    selectors = tuple(reading.selector(duty) for duty in duties.value)
    names = tuple(f"duty{position + 1}" for position in range(len(selectors)))
    types = types_of(*selectors)
    actor = reading.expression(node.get("actor"), types, ("string",))
    if actor is None:
        if node.get("actor") is None:
            node.fault("missing-key", "`actor` is required")
        return None
    ranks = frozenset(kind.rank for kind in types)
    when = reading.expression(head.when, types, ("bool",))
    return Separation(
        rule=head.rule, severity=head.severity, duties=selectors, names=names, actor=actor, when=when, ranks=ranks
    )


def read_sequence(node: Node, head: Head, reading: Reading) -> Sequence | None:
    """`forbid: [a, b]`, `require: {before, steps, step, event, wait}`, or `{after, followed_by | not_followed_by, within}`."""
    known(node, ("forbid", "require", "after", "followed_by", "not_followed_by", "within"))
    forbid, require = node.get("forbid"), node.get("require")
    if forbid is not None:
        pair = tuple(reading.selector(part) for part in forbid.elements())
        if len(pair) != 2:
            forbid.fault("arguments", "`forbid` is a pair: the second may not come after the first")
        when = reading.expression(head.when, types_of(*pair[1:]), ("bool",))
        ranks = frozenset(kind.rank for kind in types_of(*pair))
        return Sequence(rule=head.rule, severity=head.severity, forbid=pair, when=when, ranks=ranks)
    if require is not None:
        known(require, ("before", "steps", "step", "event", "wait"))
        return _required(require, head, reading)
    return _following(node, head, reading)


def _required(node: Node, head: Head, reading: Reading) -> Sequence:
    before, steps, wait = reading.selector(node.get("before")), node.get("steps"), reading.span(node.get("wait"))
    if not before.clauses or steps is None:
        node.fault("missing-key", "`before` and `steps` are required")
    declared = step_of = None
    step_event, selectors, names = Selector(), (), ()  # type: tuple[Selector, tuple[Selector, ...], tuple[str, ...]]
    if node.get("step") is not None:
        step_event = reading.selector(node.get("event"))
        step_of = reading.expression(node.get("step"), types_of(step_event), ("string",))
        declared = reading.expression(steps, types_of(before), ("strings",), True)
    elif steps is not None:
        selectors = tuple(reading.selector(part) for part in steps.elements())
        names = tuple(str(part.value) for part in steps.elements())
    when = reading.expression(head.when, types_of(before), ("bool",))
    ranks = frozenset(kind.rank for kind in types_of(before, step_event, *selectors))
    return Sequence(
        rule=head.rule, severity=head.severity, before=before, steps=selectors, names=names, declared_steps=declared,
        step_of=step_of, step_event=step_event, wait=_micros(wait, node), when=when, ranks=ranks,
    )  # fmt: skip


def _following(node: Node, head: Head, reading: Reading) -> Sequence | None:
    after = reading.selector(node.get("after"))
    banned = node.get("not_followed_by")
    steps = banned or node.get("followed_by")
    within = reading.span(node.get("within"))
    if not after.clauses or steps is None or within is None:
        node.fault("missing-key", "write `forbid`, `require`, or `after` with `followed_by` and `within`")
        return None
    selectors = tuple(reading.selector(part) for part in steps.elements())
    when = reading.expression(head.when, types_of(after), ("bool",))
    return Sequence(
        rule=head.rule, severity=head.severity, before=after, steps=selectors,
        names=tuple(str(part.value) for part in steps.elements()), wait=_micros(within, node), follow=True,
        banned=banned is not None, when=when, ranks=frozenset(kind.rank for kind in types_of(after, *selectors)),
    )  # fmt: skip


def _micros(span: Span | None, node: Node) -> int:
    if span is None:
        return 0
    if span.unit != "exact":
        node.fault("not-exact", f"`{span}`: this takes hours, minutes or seconds")
    return span.amount


def read_count(node: Node, head: Head, reading: Reading) -> Count | None:
    """`count: {event, when, group_by, window: {type, size}, over | at_least, distinct, keep_firing_for}`."""
    known(node, ("event", "when", "group_by", "window", "over", "at_least", "distinct", "keep_firing_for"))
    event = reading.selector(node.get("event"))
    types = types_of(event)
    window = node.get("window")
    kind = ""
    if window is not None:
        known(window, ("type", "size"))
        kind = word(window, "type", ("sliding", "life"))
    else:
        node.fault("missing-key", "`window` is required")
    size = reading.span(window.get("size")) if window and kind == "sliding" else None
    if window and kind == "sliding" and (size is None or size.unit not in ("exact", "days")):
        window.fault("not-a-duration", "a sliding window needs `size` in h, m, s or days")
    over, least = reading.number(node.get("over")), reading.number(node.get("at_least"))
    if (over is None) == (least is None):
        node.fault("missing-key", "write either `over` or `at_least`")
    threshold = over if over is not None else (least or 0)
    return Count(
        rule=head.rule,
        severity=head.severity,
        event=event,
        size=size,
        at_least=int(threshold) + 1 if over is not None else -int(-threshold // 1),
        threshold=float(threshold),
        distinct=reading.expression(node.get("distinct"), types, ("string",)),
        when=reading.expression(node.get("when") or head.when, types, ("bool",)),
        grouping=_grouping(node, reading, event, kind == "life"),
        keep_firing_for=_micros(reading.span(node.get("keep_firing_for")), node),
        ranks=event.ranks,
    )


def _grouping(node: Node, reading: Reading, event: Selector, life: bool) -> Grouping | None:
    group_by = node.get("group_by")
    if group_by is None:
        node.fault("missing-key", "`group_by` is required")
        return None
    texts = [str(part.value) for part in group_by.elements()]
    if life:
        if texts != [reading.subject]:
            group_by.fault("life-of-subject", f"a window of type life is grouped by the subject, [{reading.subject}]")
        return None
    types = types_of(event)
    parts = [reading.expression(part, types, SCALARS) for part in group_by.elements()]
    compiled = tuple(part for part in parts if part is not None)
    if any(part.reads for part in compiled):
        group_by.fault("not-in-groups", "a group is known by fields of the event itself")
    return Grouping(", ".join(texts), compiled, event.ranks)


READERS: dict[str, Callable[[Node, Head, Reading], Body | None]] = {
    "deadline": read_deadline,
    "match": read_match,
    "separation": read_separation,
    "sequence": read_sequence,
    "count": read_count,
}
