"""Decides which kinds of histories the core is tried on, and how many of each."""

from tests.oracle.families import cases, orders, overlaps, rosters, silences, terms, windows

FAMILIES = [each.FAMILY for each in (cases, terms, windows, silences, orders, overlaps, rosters)]
