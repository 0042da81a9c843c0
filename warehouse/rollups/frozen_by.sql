SELECT DISTINCT run_id FROM {table} WHERE day = %(day)s
