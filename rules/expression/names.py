"""Decides what a name means: the event, an earlier fact, the item, a parameter or the subject."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rules.expression.code import Code, Scope, Value, dotted, fail, written
from rules.expression.syntax import Call, Member, Name, Node
from rules.model.events import TYPES, EventType

ENVELOPE: dict[str, tuple[str, str]] = {
    "at": ("{e}.occurred_at", "time"),
    "recorded_at": ("{e}.recorded_at", "time"),
    "received_at": ("{e}.received_at", "time"),
    "first_recorded_at": ("c.first_recorded_at({e})", "time"),
    "source": ("{e}.source", "string"),
    "id": ("{e}.id", "string"),
    "operation": ("operations({e}.operation)", "string"),
    "precision": ("('day' if {e}.whole_day else 'second')", "string"),
}


ROOTS = ("event", "item", "params")


class Names:
    """The names of one expression, for one event type of its selector.

    `types` are all types of the selector, so that a typo is told from a field that this one type lacks.
    `reads` are the ranks of the earlier facts that the expression looks at; `spans` the named constants.
    """

    def __init__(self, scope: Scope, here: EventType, types: tuple[EventType, ...]) -> None:
        self.scope, self.here, self.types = scope, here, types
        self.elements: dict[str, Code] = {}
        self.spans: dict[str, Any] = {}
        self.reads: set[int] = set()

    def code(self, node: Name | Member) -> Code:
        name = dotted(node)
        if not name:
            fail(node, "syntax", "only declared fields can be read here")
        root, _, rest = name.partition(".")
        if name in self.elements:
            return self.elements[name]
        if root == "event" and rest:
            return self._own(rest, node, f"event.{rest}")
        if root == "item" and rest:
            return self._item(rest, node)
        if root == "params" and rest:
            return self._parameter(rest, node)
        if name == self.scope.subject:
            return Code(text="c.subject", kind="string")
        return self._fact(name, node)

    def constant(self, value: Value) -> Code:
        """A value that the rule writes out."""
        name = f"k{len(self.spans)}"
        code = written(value, name)
        if code.text == name:
            self.spans[name] = value
        return code

    def named(self, value: Any) -> str:
        """The name under which the Python of this expression finds a value."""
        name = f"k{len(self.spans)}"
        self.spans[name] = value
        return name

    def first(self, node: Call) -> Code:
        """The first fact of a type, of the subject."""
        name = dotted(node.args[0])
        if name not in TYPES:
            fail(node.args[0], "unknown-type", f"`{name}` is not an event type", TYPES, name)
        self.reads.add(TYPES[name].rank)
        return Code(text=f"c.first.get({TYPES[name].rank})", kind="fact", absent=True)

    def of_first(self, node: Member, call: Call) -> Code:
        """A field of the first fact of a type."""
        fact = self.first(call)
        return self._of_fact(fact.text, TYPES[dotted(call.args[0])], node.name, node)

    def _item(self, column: str, node: Node) -> Code:
        if column not in self.scope.item:
            fail(node, "unknown-field", f"the item catalogue has no column `{column}`", self.scope.item, column)
        kind, optional = self.scope.item[column]
        needs = f"item.{column}" if optional else ""
        return Code(text=f"c.item.{column}", kind=kind, absent=optional, needs=needs)

    def _parameter(self, name: str, node: Node) -> Code:
        if name not in self.scope.params:
            fail(node, "unknown-param", f"the rule has no parameter `{name}`", self.scope.params, name)
        return self.constant(self.scope.params[name])

    def _fact(self, name: str, node: Node) -> Code:
        words = name.split(".")
        kind = TYPES.get(".".join(words[:2]))
        if kind is not None:
            self.reads.add(kind.rank)
            latest = f"c.latest.get({kind.rank})"
            if len(words) == 2:
                return Code(text=latest, kind="fact", absent=True)
            return self._of_fact(latest, kind, ".".join(words[2:]), node)
        if len(words) == 1 and any(name in each.judged for each in self.types):
            return self._own(name, node, name)
        roots = (f"{root}.{words[1]}" if len(words) > 1 else root for root in ROOTS)
        known = {*roots, self.scope.subject, *self.elements, *TYPES}
        return fail(node, "unknown-name", f"`{name}` is not known here", known, ".".join(words[:2]))

    def _own(self, field: str, node: Node, path: str) -> Code:
        """A field of the event at hand."""
        if field == "type":
            return self.constant(self.here.name)
        if field in ENVELOPE:
            text, kind = ENVELOPE[field]
            moment_of = "e" if field == "at" else ""
            return Code(text=text.replace("{e}", "e"), kind=kind, moment_of=moment_of)
        kind = _readable(field, node, self.types)
        if field not in self.here.judged:
            return Code(text="None", kind=kind, absent=True, constant=None)
        mark = self.here.fields[field]
        needs = path if mark.optional else ""
        return Code(text=f"e.{field}", kind=mark.kind, absent=mark.optional, needs=needs)

    def _of_fact(self, fact: str, kind: EventType, field: str, node: Node) -> Code:
        """A field of an earlier fact; absent where there is no such fact."""
        if field == "type":
            return Code(text=f"(None if {fact} is None else {kind.name!r})", kind="string", absent=True)
        if field not in ENVELOPE:
            found = _readable(field, node, (kind,))
            return Code(text=f"getattr({fact}, {field!r}, None)", kind=found, absent=True)
        text, found = ENVELOPE[field]
        text = f"(None if {fact} is None else {text.replace('{e}', fact)})"
        return Code(text=text, kind=found, absent=True, moment_of=fact if field == "at" else "")


def _readable(field: str, node: Node, types: Iterable[EventType]) -> str:
    """The kind of a field that rules may read; a fault where there is none, or it is kept from rules."""
    among = tuple(types)
    marks = [kind.fields[field] for kind in among if field in kind.fields]
    if not marks:
        known = {name for kind in among for name in kind.judged} | set(ENVELOPE) | {"type"}
        where = among[0].name if len(among) == 1 else "the selected events"
        fail(node, "unknown-field", f"{where} has no field `{field}`", known, field)
    if marks[0].use != "judged":
        fail(
            node,
            "not-judged",
            f"`{field}` is {marks[0].use}: rules may read only what the contract marks judged",
        )
    return marks[0].kind
