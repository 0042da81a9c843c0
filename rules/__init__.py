"""Decides: the rule language, the clocks and the retracting core; pure, it is handed `now` and never asks."""
