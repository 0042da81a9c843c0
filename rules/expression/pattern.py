"""Decides whether a text matches a pattern, in time linear in the text: no pattern can make it go back.

The syntax is RE2's without what a finite automaton cannot do in one pass (references, looking around) and without
word boundaries and flags. A pattern becomes a nondeterministic automaton, of which all states are followed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

MOST_STATES = 400
DEEPEST = 50
MOST_REPEATS = 100
MOST_KNOWN = 4000
BEGIN, END = "begin", "end"
CLASSES: dict[str, Callable[[str], bool]] = {
    "d": lambda each: "0" <= each <= "9",
    "w": lambda each: each == "_" or (each.isascii() and each.isalnum()),
    "s": lambda each: each in "\t\n\f\r ",
}
CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
EDGES = {"A": BEGIN, "z": END}
Test = Callable[[str], bool]


class PatternError(ValueError):
    """What is wrong with a pattern, and at which character."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


class _State(NamedTuple):
    """One state: a character to test, an edge of the text, or a fork; and the states that follow."""

    test: Test | str | None
    follow: tuple[int, ...]


class Pattern:
    """A pattern, ready to be looked for. Raises PatternError for one that cannot be matched in one pass."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.states: list[_State] = [_State(None, ())]
        self.start = _Reader(text, self.states).whole()
        self._known: dict[tuple[frozenset[int], str], frozenset[int]] = {}
        self._first = self._reached([self.start], begin=True)
        self._again = self._reached([self.start], begin=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def is_in(self, text: str) -> bool:
        """Whether some part of the text matches."""
        here = self._first
        for each in text:
            if 0 in here:
                return True
            key = here, each
            known = self._known.get(key)
            if known is None:
                known = self._step(here, each)
                if len(self._known) >= MOST_KNOWN:
                    self._known.clear()
                self._known[key] = known
            here = known
        return 0 in here or 0 in self._reached(here, begin=not text, end=True)

    def _step(self, here: frozenset[int], each: str) -> frozenset[int]:
        tests = ((self.states[state].test, self.states[state].follow) for state in here)
        after = [state for test, follow in tests if callable(test) and test(each) for state in follow]
        return self._reached(after, begin=False) | self._again

    def _reached(self, states: Iterable[int], begin: bool, end: bool = False) -> frozenset[int]:
        """The states that can be reached without a character."""
        found: set[int] = set()
        waiting = list(states)
        while waiting:
            number = waiting.pop()
            if number in found:
                continue
            found.add(number)
            test, follow = self.states[number]
            if test is None or (test == BEGIN and begin) or (test == END and end):
                waiting += follow
        return frozenset(found)


Piece = Callable[[int], int]
"""Adds the states of a part of a pattern in front of a state, and says which is the first."""


class _Reader:
    """Reads one pattern; every part is a function that puts its states before those that follow."""

    def __init__(self, text: str, states: list[_State]) -> None:
        self.text, self.states, self.at, self.depth = text, states, 0, 0

    def whole(self) -> int:
        piece = self.alternatives()
        if self.at < len(self.text):
            raise self.wrong("a `)` closes nothing")
        return piece(0)

    def wrong(self, message: str, at: int | None = None) -> PatternError:
        return PatternError(self.at if at is None else at, message)

    @property
    def here(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self) -> str:
        each = self.here
        self.at += 1
        return each

    def add(self, test: Test | str | None, *follow: int) -> int:
        if len(self.states) >= MOST_STATES:
            raise self.wrong(f"a pattern has at most {MOST_STATES} parts, its repetitions written out", 0)
        self.states.append(_State(test, follow))
        return len(self.states) - 1

    def alternatives(self) -> Piece:
        pieces = [self.row()]
        while self.here == "|":
            self.at += 1
            pieces.append(self.row())
        return pieces[0] if len(pieces) == 1 else lambda after: self.add(None, *(piece(after) for piece in pieces))

    def row(self) -> Piece:
        pieces: list[Piece] = []
        while self.here and self.here not in "|)":
            pieces.append(self.repeated(self.one()))

        def joined(after: int) -> int:
            for piece in reversed(pieces):
                after = piece(after)
            return after

        return joined

    def repeated(self, piece: Piece) -> Piece:
        while self.here and self.here in "*+?{":
            at, sign = self.at, self.take()
            least, most = self.counts() if sign == "{" else {"*": (0, -1), "+": (1, -1), "?": (0, 1)}[sign]
            if self.here == "?":
                self.at += 1  # as few as possible: whether there is a match is the same
            elif self.here and self.here in "*+":
                raise self.wrong("a repetition of a repetition: put the first in ( )", at)
            piece = self.times(piece, least, most)
        return piece

    def counts(self) -> tuple[int, int]:
        start, end = self.at, self.text.find("}", self.at)
        least, comma, most = self.text[start:end].partition(",") if end > 0 else ("", "", "")
        if not least.isdecimal() or not (most.isdecimal() or not most):
            raise self.wrong("write `{2}`, `{2,}` or `{2,5}`; a brace itself is `\\{`", start - 1)
        self.at = end + 1
        low, high = int(least[:5]), int(most[:5]) if most else -1 if comma else int(least[:5])
        if max(low, high) > MOST_REPEATS or 0 <= high < low:
            raise self.wrong(f"at most {MOST_REPEATS} repetitions, the least first", start)
        return low, high

    def times(self, piece: Piece, least: int, most: int) -> Piece:
        def put(after: int) -> int:
            if most < 0:
                fork = self.add(None)
                self.states[fork] = _State(None, (piece(fork), after))
                after = fork
            for _ in range(most - least):
                after = self.add(None, piece(after), after)
            for _ in range(least):
                after = piece(after)
            return after

        return put

    def one(self) -> Piece:
        at, each = self.at, self.take()
        if each == "(":
            return self.group(at)
        if each in "*+?{":
            raise self.wrong(f"`{each}` repeats nothing; itself it is `\\{each}`", at)
        if each in "^$":
            edge = BEGIN if each == "^" else END
            return lambda after: self.add(edge, after)
        if each == "\\" and self.here in EDGES:
            edge = EDGES[self.take()]
            return lambda after: self.add(edge, after)
        test = self.bracket(at) if each == "[" else self.character(each)
        return lambda after: self.add(test, after)

    def group(self, at: int) -> Piece:
        if self.here == "?":
            if self.text[self.at : self.at + 2] != "?:":
                raise self.wrong("of groups there are only `(…)` and `(?:…)`", at)
            self.at += 2
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"groups stand at most {DEEPEST} deep in each other", at)
        piece = self.alternatives()
        if self.take() != ")":
            raise self.wrong("this `(` is not closed", at)
        self.depth -= 1
        return piece

    def character(self, each: str) -> Test:
        if each == ".":
            return lambda one: one != "\n"
        if each == "\\":
            return self.escape()
        return lambda one: one == each

    def escape(self) -> Test:
        at, each = self.at - 1, self.take()
        if each.lower() in CLASSES and each:
            test = CLASSES[each.lower()]
            return test if each.islower() else lambda one: not test(one)
        if not each or (each.isalnum() and each not in CONTROL):
            raise self.wrong(f"`\\{each}` is not known here", at)
        plain = CONTROL.get(each, each)
        return lambda one: one == plain

    def bracket(self, at: int) -> Test:
        negated = self.here == "^"
        self.at += negated
        tests: list[Test] = []
        while self.here != "]" or not tests:
            each = self.take()
            if not each:
                raise self.wrong("this `[` is not closed", at)
            tests.append(self.member(each))
        self.at += 1
        return lambda one: any(test(one) for test in tests) is not negated

    def member(self, each: str) -> Test:
        """One member of a [class]: a character, a range, or `\\d` and the like."""
        if each == "[" and self.here == ":":
            raise self.wrong("write `\\d`, `\\w` or a range such as `a-z`", self.at - 1)
        if each == "\\":
            if self.here.lower() in CLASSES or self.text[self.at + 1 : self.at + 2] != "-":
                return self.escape()
            each = CONTROL.get(self.here, self.here)
            self.at += 1
        if self.here != "-" or self.text[self.at + 1 : self.at + 2] in ("]", ""):
            return lambda one: one == each
        self.at += 1
        last = self.take()
        if last == "\\":
            last = CONTROL.get(self.here, self.here)
            self.at += 1
        if last < each:
            raise self.wrong(f"`{each}-{last}` runs backwards", self.at - 3)
        return lambda one: each <= one <= last
