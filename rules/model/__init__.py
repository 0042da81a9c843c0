"""The values that every room shares: the event contract, alerts, clocks and times."""
