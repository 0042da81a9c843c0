"""Decides how rules on single events, on who acted and on the order of events are read."""

from __future__ import annotations

from rules.expression import Compiled
from rules.judging.selector import Selector
from rules.kinds.match import Match
from rules.kinds.separation import Separation
from rules.kinds.sequence import Sequence
from rules.language.reading import Head, Reading, types_of, written
from rules.language.words import known, missing
from rules.language.yaml import Node


def own_condition(node: Node, head: Head, reading: Reading, event: Selector) -> Compiled | None:
    """The `when` of a body, or else the one of its rule."""
    own = node.get("when")
    if own is not None and head.when is not None:
        own.fault("twice", "`when` stands here and beside `rule`; write both as one condition")
    return reading.expression(own if own is not None else head.when, types_of(event), ("bool",))


def read_match(node: Node, head: Head, reading: Reading) -> Match | None:
    """`match: {event, when}`."""
    if not known(node, ("event", "when")):
        return None
    event = reading.required(node, "event")
    when = own_condition(node, head, reading, event)
    return Match(rule=head.rule, severity=head.severity, event=event, when=when, ranks=event.ranks)


def read_separation(node: Node, head: Head, reading: Reading) -> Separation | None:
    """`separation: {duties: [[…], […]], actor}`."""
    if not known(node, ("duties", "actor")):
        return None
    duties = node.get("duties")
    parts = duties.elements() if duties is not None else []
    if duties is None or not duties.is_list or len(parts) < 2:
        (duties or node).fault("missing-key", "`duties` are two lists of events, or more")
    selectors = tuple(reading.selector(duty) for duty in parts)
    types = types_of(*selectors)
    if node.get("actor") is None:
        missing(node, "actor", "is required: the field that says who acted")
    actor = reading.expression(node.get("actor"), types, ("string",))
    when = reading.expression(head.when, types, ("bool",))
    if actor is None:
        return None
    names = tuple(f"duty{position + 1}" for position in range(len(selectors)))
    ranks = frozenset(kind.rank for kind in types)
    return Separation(
        rule=head.rule,
        severity=head.severity,
        duties=selectors,
        names=names,
        actor=actor,
        when=when,
        ranks=ranks,
    )


def read_sequence(node: Node, head: Head, reading: Reading) -> Sequence | None:
    """`forbid: [a, b]`, `require: {before, steps, step, event, wait}`, or `{after, followed_by, within}`."""
    if not known(node, ("forbid", "require", "after", "followed_by", "not_followed_by", "within")):
        return None
    forbid, require, after = node.get("forbid"), node.get("require"), node.get("after")
    if sum(part is not None for part in (forbid, require, after)) != 1:
        node.fault("missing-key", "write one of `forbid`, `require`, or `after` with `followed_by` and `within`")
        return None
    if forbid is not None:
        return _forbidden(forbid, head, reading)
    return _required(require, head, reading) if require is not None else _following(node, head, reading)


def _forbidden(forbid: Node, head: Head, reading: Reading) -> Sequence:
    pair = tuple(reading.selector(part) for part in forbid.elements())
    if len(pair) != 2:
        forbid.fault("arguments", "`forbid` is a pair: the second may not come after the first")
    when = reading.expression(head.when, types_of(*pair[1:]), ("bool",))
    ranks = frozenset(kind.rank for kind in types_of(*pair))
    return Sequence(rule=head.rule, severity=head.severity, forbid=pair, when=when, ranks=ranks)


def _required(node: Node, head: Head, reading: Reading) -> Sequence | None:
    if not known(node, ("before", "steps", "step", "event", "wait")):
        return None
    before, steps, step = reading.required(node, "before"), node.get("steps"), node.get("step")
    if steps is None:
        missing(node, "steps")
    if (step is None) != (node.get("event") is None):
        node.fault("missing-key", "`step` and `event` go together: which event is a step, and which field names it")
    declared = step_of = None
    step_event, selectors, names = Selector(), tuple[Selector, ...](), tuple[str, ...]()
    if step is not None:
        step_event = reading.selector(node.get("event"))
        step_of = reading.expression(step, types_of(step_event), ("string",))
        declared = reading.expression(steps, types_of(before), ("strings",), True)
    elif steps is not None:
        selectors = tuple(reading.selector(part) for part in steps.elements())
        names = tuple(written(part) for part in steps.elements())
    when = reading.expression(head.when, types_of(before), ("bool",))
    ranks = frozenset(kind.rank for kind in types_of(before, step_event, *selectors))
    return Sequence(
        rule=head.rule, severity=head.severity, before=before, steps=selectors, names=names,
        declared_steps=declared, step_of=step_of,
        step_event=step_event, wait=reading.exact(node.get("wait")), when=when, ranks=ranks,
    )  # fmt: skip


def _following(node: Node, head: Head, reading: Reading) -> Sequence:
    after = reading.selector(node.get("after"))
    banned, wanted = node.get("not_followed_by"), node.get("followed_by")
    if (banned is None) == (wanted is None):
        missing(node, "followed_by", "or else `not_followed_by` is required, one of them")
    if node.get("within") is None:
        missing(node, "within")
    steps = banned if banned is not None else wanted
    parts = steps.elements() if steps is not None else []
    selectors = tuple(reading.selector(part) for part in parts)
    when = reading.expression(head.when, types_of(after), ("bool",))
    return Sequence(
        rule=head.rule, severity=head.severity, before=after, steps=selectors,
        names=tuple(written(part) for part in parts), wait=reading.exact(node.get("within")), follow=True,
        banned=banned is not None, when=when,
        ranks=frozenset(kind.rank for kind in types_of(after, *selectors)),
    )  # fmt: skip
