"""Decides how lengths of time, and who acted, are said to people, in Chinese and English."""

from __future__ import annotations

import re

UNITS: dict[str, dict[str, str]] = {
    "zh": {
        "workday": "{n} 个工作日", "workdays": "{n} 个工作日", "day": "{n} 天", "days": "{n} 天",
        "workhours": "{n} 个工作小时", "h": "{n} 小时", "m": "{n} 分钟", "s": "{n} 秒",
    },
    "en": {
        "workday": "{n} working day", "workdays": "{n} working days", "day": "{n} day", "days": "{n} days",
        "workhours": "{n} working hours", "h": "{n} h", "m": "{n} min", "s": "{n} s",
    },
}  # fmt: skip
WHO: dict[str, dict[str, str]] = {
    "zh": {"actor": "经办人", "organ": "机关", "department": "部门", "office": "窗口", "officer": "执法人员"},
    "en": {"actor": "person", "organ": "organ", "department": "department", "office": "office", "officer": "officer"},
}
WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*(workdays?|days?|workhours|h|m|s)\Z")


def in_words(value: str, language: str) -> str:
    """A length of time as rules write it (`5 workdays`, `24h`) in words; any other text as it is."""
    found = WRITTEN.match(value)
    return UNITS[language][found[2]].format(n=found[1]) if found is not None else value


def who_in_words(value: str, language: str) -> str:
    """Kinds of a roster (`actor, organ`) in words."""
    return ("、" if language == "zh" else ", ").join(WHO[language].get(each, each) for each in value.split(", "))
