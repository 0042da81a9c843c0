CREATE OR REPLACE VIEW {view} AS SELECT * FROM {table} WHERE day = toDate(%(day)s)
