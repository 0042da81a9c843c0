SELECT file, checksum FROM schema_migrations ORDER BY file
