"""The web page for supervision staff: the queue of alerts, and one alert with its evidence and clock."""
