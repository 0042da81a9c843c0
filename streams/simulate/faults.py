"""Decides what a planted fault is, and which items it can be planted in."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from rules.tables import Item
from streams.simulate.cases import CaseStory

BLANKS = ("", "无", "/", "。", " ")
Told = Callable[[CaseStory, int], None]


class Fault(Struct, frozen=True):
    """One way to break a rule. `tell` makes the breach stand once working day `day` is over."""

    name: str
    rule: str
    tell: Told
    fits: Callable[[Item], bool]


ENTERED: list[Fault] = []


def fault(rule: str, fits: Callable[[Item], bool] = lambda item: True) -> Callable[[Told], Told]:
    """Enters a way to break a rule in the table."""

    def enter(tell: Told) -> Told:
        ENTERED.append(Fault(tell.__name__, rule, tell, fits))
        return tell

    return enter


def room(item: Item) -> int:
    """Working days between the promise and the legal limit."""
    assert item.legal_limit and item.promised_limit
    return item.legal_limit.amount - item.promised_limit.amount


def roomy(item: Item) -> bool:
    return room(item) >= 5


def pausable(item: Item) -> bool:
    return bool(item.special_procedures)


def unhurried(item: Item) -> bool:
    """An item that can be paused again and again before its promise is near."""
    return pausable(item) and item.promised_limit is not None and item.promised_limit.amount >= 6


def extendable(item: Item) -> bool:
    return item.extension_limit is not None and item.extension_limit.amount >= 10 and not item.joint


def permit(item: Item) -> bool:
    return item.type == "permit"


def certified(item: Item) -> bool:
    return item.has_certificate


def heard(item: Item) -> bool:
    return "hearing" in item.special_procedures


def reviewed(item: Item) -> bool:
    """An item that a lower organ reviews first, if the catalogue has one."""
    return item.review_limit is not None


def rostered(item: Item) -> bool:
    """An item that says who may act, if the catalogue does."""
    return bool(item.roster)
