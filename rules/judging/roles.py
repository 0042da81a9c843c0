"""Decides which meanings an event may have to a clock."""

START, RESTART, STOP, VOID, PAUSE, RESUME, EXTEND, TOLD, DEEMED, UNLESS = range(10)
"""DEEMED: from such an event acceptance runs if nobody answers, and is a START once that has lapsed; UNLESS answers it.

TOLD: the party was told of something, so that a start counts only so long after it.
"""
