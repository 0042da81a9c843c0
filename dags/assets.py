"""Decides what the schedules tell each other: a day of service cases that may be assessed."""

from airflow.sdk import Asset

ASSESSABLE = Asset("service_cases_assessable", uri="x-mingjing://warehouse/night_cases")
"""Emitted by the gate of quality_nightly alone, with the day as its partition key."""
