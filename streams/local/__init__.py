"""The embedded single-node Kafka: Java from PyPI, the jars from a locked list."""
