"""Decides what each event of a service case (办件) carries; codes follow GB/T 39046-2020."""

from __future__ import annotations

from msgspec import Struct

from rules.model.fields import (
    Flag,
    FreeText,
    Landed,
    LandedText,
    LandedWords,
    Loose,
    Moment,
    Number,
    Opaque,
    Person,
    Whole,
    Word,
    Words,
)


class Case(Struct, kw_only=True):
    """What every event of a case may say: the item, who is responsible, who acted (hashed at the edge)."""

    task_code: Word = ""
    region: Word = ""
    organ: Word = ""
    department: Word = ""
    actor: Person = ""
    applicant: Person = ""
    extra: Opaque = None


class Applied(Case):
    applicant_kind: Word = ""
    applicant_region: Word = ""
    project_type: Word = ""
    channel: Word = ""
    item_version: Word = ""
    kind: Word = ""
    valid_until: Moment = ""
    bundle_id: Word = ""
    visits: Whole | None = None
    promised_at: Moment = ""


class Received(Case):
    receipt_no: Landed = ""
    materials_required: LandedWords = []
    materials_shared: LandedWords = []


class CorrectionNotified(Case):
    reason: FreeText = ""
    items: Words = []


class Corrected(Case):
    items: Words = []


class Accepted(Case):
    office: Word = ""
    promised_at: Moment = ""
    promised_days: Number | None = None


class NotAccepted(Case):
    reason: FreeText = ""


class Stage(Case):
    stage: Word = ""
    action: Word = ""
    opinion: LandedText = ""
    started: Moment = ""
    ended: Moment = ""


class Hearing(Case):
    """A hearing under Licensing Law 46 and 47: told of, asked for, held; `hearing_id` where a case has several."""

    hearing_id: Word = ""


class Suspended(Case):
    procedure_id: Word = ""
    kind: Word = ""
    reason: FreeText = ""
    notice_no: Word = ""
    approved_days: Loose = None


class Resumed(Case):
    procedure_id: Word = ""


class Extended(Case):
    days: Loose = None
    approver: Person = ""
    approver_role: Word = ""
    reason: FreeText = ""


class Decided(Case):
    result: Word = ""
    reason: FreeText = ""
    automatic: Flag = False
    publishable: Flag = False
    unpublishable_reason: LandedText = ""
    visits: Whole | None = None


class Published(Case):
    what: Word = ""
    where: Landed = ""


class Issued(Case):
    certificate_no: Word = ""
    electronic: Flag = False


class Delivered(Case):
    certificate_no: Word = ""
    courier: Flag = False


class Withdrawn(Case):
    reason: FreeText = ""


class Closed(Case):
    finish_code: Word = ""
    reason: FreeText = ""


class Review(Case):
    review_id: Word = ""


class ReviewSubmitted(Review, kw_only=True):
    satisfaction: Whole
    is_default: Flag = False
    comment: LandedText = ""


class Complaint(Case):
    complaint_id: Word = ""
    kind: Word = ""
    complained_organ: Word = ""
    handler: Person = ""


class Request(Case):
    request_id: Word = ""
    kind: Word = ""
    limit_at: Moment = ""


SERVICE: tuple[tuple[str, type[Case]], ...] = (
    ("case.applied", Applied),
    ("case.received", Received),
    ("case.correction_notified", CorrectionNotified),
    ("case.corrected", Corrected),
    ("case.accepted", Accepted),
    ("case.not_accepted", NotAccepted),
    ("case.stage", Stage),
    ("case.hearing_notified", Hearing),
    ("case.hearing_requested", Hearing),
    ("case.hearing_held", Hearing),
    ("case.suspended", Suspended),
    ("case.resumed", Resumed),
    ("case.extended", Extended),
    ("case.decided", Decided),
    ("case.published", Published),
    ("cert.issued", Issued),
    ("case.delivered", Delivered),
    ("case.withdrawn", Withdrawn),
    ("case.closed", Closed),
    ("review.submitted", ReviewSubmitted),
    ("review.verified", Review),
    ("review.rectified", Review),
    ("review.annulled", Review),
    ("complaint.filed", Complaint),
    ("complaint.dispatched", Complaint),
    ("complaint.answered", Complaint),
    ("data_request.filed", Request),
    ("data_request.answered", Request),
    ("incident.opened", Request),
    ("incident.closed", Request),
)
