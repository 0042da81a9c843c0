ALTER TABLE {table} REPLACE PARTITION %(day)s FROM {table}_staged
