SELECT count() FROM event_versions
