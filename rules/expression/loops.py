"""Decides what the macros that go through a list or the keys of a map say, and writes them out as Python."""

from __future__ import annotations

from rules.expression.code import Code, boolean
from rules.expression.kind import list_of
from rules.expression.syntax import Call

QUANTIFIERS = {"exists": "any", "all": "all", "exists_one": "once"}
LOOPS = (*QUANTIFIERS, "filter", "map")
FOREIGN = ("existsOne", "transformList", "transformMap", "transformMapEntry")


def is_loop(node: Call) -> bool:
    return node.name in LOOPS


def of_nothing(node: Call) -> Code:
    """A loop over a list that is written empty: there is no element to ask."""
    if node.name in QUANTIFIERS:
        return Code(text=repr(node.name == "all"), kind="bool", constant=node.name == "all")
    return Code(text="()", kind=list_of("nothing"), most=0, each=0)


def quantified(name: str, of: Code, element: str, test: Code) -> Code:
    """`list.exists(x, test)`, `list.all(x, test)`, `list.exists_one(x, test)`."""
    return boolean(f"{QUANTIFIERS[name]}([{test.text} for {element} in {_through(of)}])")


def filtered(of: Code, kind: str, element: str, test: Code) -> Code:
    """`list.filter(x, test)`: those of which it is true."""
    text = f"[{element} for {element} in {_through(of)} if {test.text}]"
    return Code(text=text, kind=list_of(kind), most=of.most, each=of.each)


def changed(of: Code, element: str, value: Code, test: Code | None) -> Code:
    """`list.map(x, value)` and `list.map(x, test, value)`: what is absent is left out."""
    only = f" if {test.text}" if test is not None else ""
    text = f"[{value.text} for {element} in {_through(of)}{only}]"
    text = f"present(*{text})" if value.absent else text
    return Code(text=text, kind=list_of(value.kind), most=of.most, each=value.most)


def _through(of: Code) -> str:
    return f"({of.text} or ())" if of.absent else of.text
