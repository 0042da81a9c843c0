"""streams moves: events in from Kafka and files, alerts out; it decides nothing about a case."""
