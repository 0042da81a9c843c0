"""The retracting core: events and `now` in, raises and withdrawals out."""

from rules.core.groups import GroupCore
from rules.core.step import Rejected, Rows, Step
from rules.core.subjects import SubjectCore

__all__ = ["GroupCore", "Rejected", "Rows", "Step", "SubjectCore"]
