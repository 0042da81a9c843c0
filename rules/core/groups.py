"""Decides what stands for every group: points kept in order, a window swept over them, judged once per instant.

A point that comes after all others is pushed; a late, repeated or retracted one makes the group sweep its points
again, once per chunk. Points older than any window, lateness and transit can reach are swept into a base and let go.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice

import msgspec

from rules.core.alerting import WITHDRAWN, alert_of, changes, settle, settles_at
from rules.core.chunk import FoldError
from rules.core.engine import ENGINE, FOLD_RAISED, doubt_of, doubted
from rules.core.folding import TRANSIT
from rules.core.forgetting import forget
from rules.core.governing import Governing
from rules.core.group import HEAD, Group, Point, row_key
from rules.core.grouped import GroupRules
from rules.core.hushed import Rules, follow, is_silent
from rules.core.lateness import Lateness
from rules.core.leaving import leaves_at, let_go
from rules.core.reaching import reaches, settled_before
from rules.core.record import NEVER, head, judged_by, wake_of
from rules.core.rewinding import sweep
from rules.core.step import Rejected, Rows, Step
from rules.core.subjects import HOT
from rules.core.timers import Timers
from rules.judging.context import Context
from rules.judging.place import Places
from rules.judging.verdicts import SILENT, Verdict
from rules.language.rule import Book, Rule
from rules.model.alerts import Alert
from rules.model.facts import GroupFact, encode_group_fact, group_name


class GroupCore:
    """The fold over groups; its verbs are those of SubjectCore, fed with facts instead of events."""

    def __init__(self, book: Book, rows: Rows | None = None, owns: Callable[[str], bool] | None = None) -> None:
        self.book, self.rows = book, rows
        self.places = Places(book.tables)
        self.sources, self.governing = book.tables.sources, Governing(book)
        self.lateness = Lateness(self.places, book.tables)
        self.rules, self.reaches = GroupRules(book), reaches(book)
        self.groups: dict[str, Group] = {}
        self._outdated: dict[str, None] = {}
        wakes: dict[str, int] = {}
        for key, row in rows.scan(HEAD) if rows is not None else ():
            at = wake_of(row)
            if at is not None:
                wakes[key[1:].decode()] = at
            if judged_by(row) != book.mark:
                self._outdated[key[1:].decode()] = None
        for name in self.rules.awaited():
            if owns is None or owns(name):
                wakes.setdefault(name, -NEVER)
        self.timers = Timers(wakes)

    @property
    def outdated(self) -> int:
        """How many groups another book judged last."""
        return len(self._outdated)

    @property
    def wake(self) -> int | None:
        """The earliest instant at which a timer is due."""
        return self.timers.next

    def step(self, facts: Sequence[GroupFact], now: int) -> Step:
        """Folds a chunk of facts; what they bring about is judged at `now`."""
        self._cool()
        step = Step()
        touched: dict[str, Group] = {}
        failed: set[str] = set()
        for fact in facts:
            group = self._group(fact.group)
            if fact.group not in touched:
                touched[fact.group] = group
                group.journal.clear()
            try:
                self._take(group, fact, step)
            except Exception:  # told apart when its group is judged
                failed.add(fact.group)
        for group in touched.values():
            try:
                if group.key in failed:
                    raise FoldError(group.key)
                if not self._is_silent(group, now, step):
                    self._judge(group, now, step)
            except Exception:  # a defect of ours: one by one, so that only the fact that brings it is set aside
                group.take_back(step.rows)
                self._one_by_one(group, facts, now, step)
        return step

    def _one_by_one(self, group: Group, facts: Sequence[GroupFact], now: int, step: Step) -> None:
        for index, fact in enumerate(facts):
            if fact.group != group.key:
                continue
            group.journal.clear()
            try:
                self._take(group, fact, step)
                self._judge(group, now, step)
            except Exception as error:
                group.take_back(step.rows)
                group.doubt(doubt_of(fact.fact))
                step.rejected.append(Rejected(index, FOLD_RAISED, "$", f"{type(error).__name__}: {error}"))
        if group.stale:
            with suppress(Exception):  # what stood before stands, without the mark
                self._judge(group, now, step)

    def _is_silent(self, group: Group, now: int, step: Step) -> bool:
        """Whether nothing is to be said of a group; in memory nothing is to be kept either."""
        rules = self.rules.of(group)
        if self.rows is not None or not is_silent(group, rules, self.governing.epoch(now), now):
            return False
        if group.stale:
            self._prune(group, now, step)
        at = leaves_at(group, rules, self.sources, now)
        if at is not None:
            self.timers.arm(group.key, at)
        return True

    def advance(self, now: int, limit: int = 2000) -> Step:
        """Fires the timers of at most `limit` groups that are due at `now`."""
        self._cool()
        step = Step()
        for key in self.timers.due(now, limit):
            group = self._group(key)
            if not self._leaves(group, now, step):
                self._judge_alone(group, now, step)
        return step

    def _leaves(self, group: Group, now: int, step: Step) -> bool:
        at = leaves_at(group, self.rules.of(group), self.sources, now)
        if at is None or now < at:
            return False
        del self.groups[group.key]
        if self.rows is not None:
            let_go(group, step)
        return True

    def refold(self, now: int, limit: int = 2000) -> Step:
        """Judges at most `limit` of the groups that another book judged last."""
        self._cool()
        step = Step()
        for key in list(islice(self._outdated, limit)):
            self._judge_alone(self._group(key), now, step)
        return step

    def _judge_alone(self, group: Group, now: int, step: Step) -> None:
        """Judges a group to which nothing came; where that fails, what stood stands until something comes."""
        outdated = group.is_outdated
        try:
            self._judge(group, now, step)
        except Exception:  # a defect of ours
            step.counted.append("refold_raised")
            group.stale, group.is_outdated = True, outdated

    def _cool(self) -> None:
        """Lets go of the groups longest untouched, where a host keeps them in rows."""
        while self.rows is not None and len(self.groups) > HOT:
            del self.groups[next(iter(self.groups))]

    def _group(self, key: str) -> Group:
        group = self.groups.get(key)
        if group is not None:
            if self.rows is not None:
                self.groups[key] = self.groups.pop(key)  # the latest touched is the last to cool
        else:
            context = Context(group_name(key), self.places, frozenset())
            group = self.groups[key] = Group(key, self.rules.grouping_of(key), context)
            if self.rows is not None and group.restore(self.rows):
                group.is_outdated = self._outdated.pop(key, self) is None
        return group

    def _take(self, group: Group, fact: GroupFact, step: Step) -> None:
        key = (fact.source, fact.id)
        old = group.facts.get(key)
        if old is not None and (old.version > fact.version or (fact.present and old.says_what(fact))):
            return  # told again, or another version speaks
        point = group.point(fact)
        group.journal.append((key, old))
        if old is not None:
            before = group.point(old)
            group.remove(before)
            if self.rows is not None:
                step.rows[row_key(group.key, before)] = None
        if not fact.present:
            return
        rules = self.rules.of(group)
        if self._is_too_late(group, rules, point, fact):
            step.unjudged += [key] * group.grouping.counts  # only now: what it replaces no longer speaks either
            return
        group.facts[key] = fact
        group.settle_doubt(fact)
        if self.rows is not None:
            step.rows[row_key(group.key, point)] = encode_group_fact(fact)
        late = bool(group.points) and point.at <= group.points[-1].at
        group.touch(point, late)
        if late:
            insort(group.points, point)
            group.stale = group.is_disturbed = True
            return
        group.points.append(point)
        follow(group, rules, point, fact)

    def _is_too_late(self, group: Group, rules: Rules, point: Point, fact: GroupFact) -> bool:
        first = min((group.swept_until(rule) for rule, _ in rules), default=-NEVER) if group.base else -NEVER
        return point.at < first or self.lateness.over(fact, group.grouping)

    def _judge(self, group: Group, now: int, step: Step) -> None:
        rules = self.rules.of(group)
        if group.is_outdated:
            self._take_over(group, rules, now, step)
        if group.stale:
            sweep(group, rules)
        epoch = self.governing.epoch(now)
        changed = group.stale or epoch != group.epoch
        for rule, body in rules:
            ruling = group.ruling(rule, body, now)
            old = group.rulings.get(rule.hash, SILENT)
            changed = changed or ruling.verdicts != old.verdicts
            step.counted += [each for each in ruling.counted if each not in old.counted]
            group.rulings[rule.hash] = ruling
        # the next first point may choose other rules
        group.stale, group.is_disturbed, group.epoch = not group.points, False, epoch
        group.changed_at = NEVER
        if changed:
            after = self._after(group, now)
            open_ = {key: alert for key, alert in group.alerts.items() if self._is_open(group, alert) or key in after}
            step.alerts += changes(open_, after)
            group.alerts.update(open_)
        step.alerts += settle(group.alerts, self.sources, now)
        wake = self._wake(group, now)
        self._prune(group, now, step)
        self._keep(group, wake, step)

    def _after(self, group: Group, now: int) -> dict[str, Alert]:
        """The alerts that the rulings of a group come to, each of the version that governs it."""
        zone = self.places.of(group.home).zone
        after: dict[str, Alert] = {}
        for rule, _ in self.rules.of(group):
            for verdict in group.rulings[rule.hash].verdicts:
                if self.governing.governs(rule, verdict.began_at, zone, now):
                    shown = msgspec.structs.replace(ENGINE, mode=rule.mode) if rule.hash in group.off else rule
                    alert = self._alert(shown, verdict, group, now)
                    alert = doubted(alert) if group.doubts else alert
                    if self._is_open(group, alert) or alert.alert_id in group.alerts:
                        after[alert.alert_id] = alert
        return after

    @staticmethod
    def _is_open(group: Group, alert: Alert) -> bool:
        """What rests on points that were let go stands as it was said."""
        return alert.at >= group.final.get(alert.rule, -NEVER)

    def _take_over(self, group: Group, rules: Rules, now: int, step: Step) -> None:
        group.take_over({rule.hash for rule, _ in rules}, now)
        for point in [each for each in group.points if self.lateness.over(group.facts[each.key], group.grouping)]:
            group.remove(point)
            step.rows[row_key(group.key, point)] = None

    def _wake(self, group: Group, now: int) -> int | None:
        wakes = [group.rulings[rule.hash].wake for rule, _ in self.rules.of(group)]
        wakes += [settles_at(a, self.sources) for a in group.alerts.values() if not a.settled and a.state != WITHDRAWN]
        wakes += [self.governing.next_after(now)] if group.points or group.alerts else []
        wakes += [leaves_at(group, self.rules.of(group), self.sources, now)]
        return min((at for at in wakes if at is not None), default=None)

    def _alert(self, rule: Rule, verdict: Verdict, group: Group, now: int) -> Alert:
        carrier = group.carrier(verdict)
        first = group.fact_of(carrier) if carrier is not None else None
        subject = first.subject if first is not None and group.grouping.holds != "marks" else group_name(group.key)
        verdict, facts = group.grounds(verdict)
        return alert_of(rule, verdict, subject, facts, self.book, now, group_name(group.key))

    def _prune(self, group: Group, now: int, step: Step) -> None:
        """Sweeps points that nothing can reach any more into the base."""
        rules = self.rules.of(group)
        if now < group.held(now) or len(group.points) < group.prunes_at or not rules:
            return  # the points of a group without rules wait for a book that asks for them
        horizon = settled_before(now, self.reaches[group.grouping.name], self.sources.longest, TRANSIT)
        forget(group, rules, horizon, step if self.rows is not None else None)

    def _keep(self, group: Group, wake: int | None, step: Step) -> None:
        self.timers.arm(group.key, wake)
        if self.rows is None:
            return
        step.rows[HEAD + group.key.encode()] = head(wake, self.book.mark) + group.kept()
