SELECT count() FROM {table} WHERE day = %(day)s
