"""Decides how a day is assessed: which cases it counts, by which indicators, under which verdict."""
