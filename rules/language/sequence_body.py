"""Decides how rules on the order of events are read: what is forbidden, required, or must come next."""

from __future__ import annotations

from rules.judging.selector import Clause, Selector
from rules.kinds.sequence import FOLLOWED_BY, FORBID, NEXT, NOT_FOLLOWED_BY, NOT_NEXT, REQUIRE, Sequence, Step
from rules.language.reading import Head, Reading, types_of, written
from rules.language.words import known, missing
from rules.language.yaml import Node
from rules.model.events import TYPES, EventType

AFTER = {"followed_by": FOLLOWED_BY, "not_followed_by": NOT_FOLLOWED_BY, "next": NEXT, "not_next": NOT_NEXT}


def read_sequence(node: Node, head: Head, reading: Reading) -> Sequence | None:
    """`forbid: [a, b]`, `require: {before, steps, …}`, or `after` with one of AFTER."""
    if not known(node, ("forbid", "require", "after", *AFTER, "within", "among")):
        return None
    forbid, require, after = node.get("forbid"), node.get("require"), node.get("after")
    if sum(part is not None for part in (forbid, require, after)) != 1:
        node.fault("missing-key", f"write one of `forbid`, `require`, or `after` with one of {', '.join(AFTER)}")
        return None
    if after is not None:
        return _after(after, node, head, reading)
    for key in (*AFTER, "within", "among"):
        place = node.keys.get(key)
        if place is not None:
            place.fault("unknown-key", f"`{key}` goes with `after`")
    return _forbidden(forbid, head, reading) if forbid is not None else _required(require, head, reading)


def _ranks(*selectors: Selector) -> frozenset[int]:
    return frozenset(kind.rank for kind in types_of(*selectors))


def _forbidden(forbid: Node, head: Head, reading: Reading) -> Sequence | None:
    parts = forbid.elements()
    if len(parts) != 2:
        forbid.fault("arguments", "`forbid` is a pair: the second may not come after the first")
        return None
    point, offence = (reading.selector(part) for part in parts)
    when = reading.expression(head.when, types_of(offence), ("bool",))
    return Sequence(
        rule=head.rule, severity=head.severity, form=FORBID, point=point,
        steps=(Step(written(parts[1]), offence),), when=when, ranks=_ranks(point, offence),
    )  # fmt: skip


def _required(node: Node | None, head: Head, reading: Reading) -> Sequence | None:
    if node is None or not known(node, ("before", "steps", "step", "event", "wait")):
        return None
    point, steps, step = reading.required(node, "before"), node.get("steps"), node.get("step")
    if steps is None:
        missing(node, "steps")
    if (step is None) != (node.get("event") is None):
        node.fault("missing-key", "`step` and `event` go together: which event is a step, and which field names it")
    types = types_of(point)
    event = reading.selector(node.get("event"))
    named = node.get("event") is not None
    listed = () if named or steps is None else tuple(_step(part, reading, types) for part in steps.elements())
    if steps is not None and not named and not listed:
        steps.fault("empty", "this requires no step")
    return Sequence(
        rule=head.rule, severity=head.severity, form=REQUIRE, point=point, steps=listed,
        declared_steps=reading.expression(steps, types, ("strings",), True) if named else None,
        step_of=reading.expression(step, types_of(event), ("string",)) if named else None, step_event=event,
        within=reading.span(node.get("wait")), when=reading.expression(head.when, types, ("bool",)),
        ranks=_ranks(point, event, *(each.event for each in listed)),
    )  # fmt: skip


def _step(node: Node, reading: Reading, points: list[EventType]) -> Step:
    """A step that is required, or with `if` only at points of which that holds."""
    asked = reading.expression(node.get("if"), points, ("bool",))
    return Step(written(node), reading.selector(node, ("if",)), asked)


def _after(after: Node, node: Node, head: Head, reading: Reading) -> Sequence | None:
    written_forms = [key for key in AFTER if node.get(key) is not None]
    if len(written_forms) != 1:
        if not node.mistyped & AFTER.keys():
            missing(node, "followed_by", f"or one of {', '.join(key for key in AFTER if key != 'followed_by')}")
        return None
    key, among, within = written_forms[0], node.get("among"), node.get("within")
    form, part = AFTER[key], node.get(key)
    assert part is not None
    if within is None and form in (FOLLOWED_BY, NOT_FOLLOWED_BY):
        missing(node, "within")
    if among is not None and form not in (NEXT, NOT_NEXT):
        among.fault("unknown-key", "`among` says of which events the next one is: it goes with `next` and `not_next`")
    point, steps = reading.selector(after), reading.selector(part)
    events = Selector()
    if form in (NEXT, NOT_NEXT):
        events = reading.selector(among) if among is not None else _all(reading)
    return Sequence(
        rule=head.rule, severity=head.severity, form=form, point=point, steps=(Step(written(part), steps),),
        among=events, within=reading.span(within), when=reading.expression(head.when, types_of(point), ("bool",)),
        ranks=_ranks(point, steps, events),
    )  # fmt: skip


def _all(reading: Reading) -> Selector:
    """Every event of the rule's streams."""
    ranks = frozenset(kind.rank for kind in TYPES.values() if kind.stream in reading.streams)
    return Selector((Clause(ranks),))
