"""Decides whether a day's rows may be assessed: suites of expectations, their runner, and the gate."""
