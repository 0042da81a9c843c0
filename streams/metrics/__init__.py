"""What a long-running role tells of itself to those who watch it: a page in the text format of Prometheus."""
