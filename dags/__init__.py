"""Decides when: schedules for Airflow and nothing else; what is done stands in `expectations.night`."""
