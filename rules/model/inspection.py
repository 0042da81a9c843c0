"""Decides what each event of a supervision action (监管行为) carries, after the national import rules."""

from __future__ import annotations

from msgspec import Struct

from rules.model.fields import (
    Flag,
    FreeText,
    Landed,
    LandedText,
    Loose,
    Moment,
    Number,
    Opaque,
    People,
    Person,
    Word,
    Words,
)


class Action(Struct, kw_only=True):
    """What every supervision event may say: item, object, organ, the plan and the check it belongs to."""

    task_code: Word = ""
    region: Word = ""
    organ: Word = ""
    department: Word = ""
    actor: Person = ""
    object_id: Word = ""
    plan_id: Word = ""
    action_id: Word = ""
    extra: Opaque = None


class Drawn(Action):
    objects: Words = []
    officers: People = []


class ScannedIn(Action):
    backfilled: Flag = False
    reason: FreeText = ""


class Performed(Action):
    on_site: Flag = False
    category: Word = ""
    form: Word = ""
    method: Word = ""
    visit_id: Word = ""
    officers: People = []


class Recorded(Action):
    result: Word = ""
    violations: Words = []
    credit_class: Word = ""
    confidential: Flag = False


class Rectify(Action):
    order_id: Word = ""
    rectify_by: Moment = ""
    result: Word = ""


class Penalty(Action):
    """`origin`: what the case was opened on (check, complaint …); a penalty on a check names its `action_id`."""

    origin: Word = ""
    procedure: Word = ""
    violation: Word = ""
    reason: FreeText = ""


class PenaltySuspended(Penalty):
    procedure_id: Word = ""
    kind: Word = ""
    approved_days: Loose = None


class PenaltyResumed(Penalty):
    procedure_id: Word = ""


class PenaltyExtended(Penalty):
    days: Loose = None
    approver: Person = ""
    approver_role: Word = ""


class PenaltyDecided(Penalty):
    result: Word = ""
    fine: Number | None = None
    publishable: Flag = False
    party_absent: Flag = False


class Coercion(Action):
    """`coercion_kind`: seizure, freezing …; `kind`: that of a suspension (testing …), or of the coercion."""

    coercion_kind: Word = ""
    kind: Word = ""
    procedure_id: Word = ""
    days: Loose = None
    approved_days: Loose = None
    approver: Person = ""
    approver_role: Word = ""


class Evidence(Action):
    evidence_id: Word = ""


class ResultPublished(Action):
    what: Word = ""
    where: Landed = ""


class Reported(Action):
    summary: LandedText = ""


INSPECTION: tuple[tuple[str, type[Action]], ...] = (
    ("plan.published", Action),
    ("task.created", Action),
    ("objects.drawn", Drawn),
    ("officers.drawn", Drawn),
    ("check.approved", Action),
    ("officer.scanned_in", ScannedIn),
    ("check.performed", Performed),
    ("result.recorded", Recorded),
    ("rectify.ordered", Rectify),
    ("rectify.rechecked", Rectify),
    ("evidence.preserved", Evidence),
    ("evidence.disposed", Evidence),
    ("penalty.filed", Penalty),
    ("penalty.suspended", PenaltySuspended),
    ("penalty.resumed", PenaltyResumed),
    ("penalty.extended", PenaltyExtended),
    ("penalty.hearing", Penalty),
    ("penalty.legal_review", Penalty),
    ("penalty.decided", PenaltyDecided),
    ("penalty.not_imposed", Penalty),
    ("penalty.transferred", Penalty),
    ("penalty.withdrawn", Penalty),
    ("penalty.served", Penalty),
    ("penalty.executed", Penalty),
    ("penalty.closed", Penalty),
    ("coercion.applied", Coercion),
    ("coercion.suspended", Coercion),
    ("coercion.resumed", Coercion),
    ("coercion.extended", Coercion),
    ("coercion.lifted", Coercion),
    ("result.published", ResultPublished),
    ("action.reported", Reported),
)
