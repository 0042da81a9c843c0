SELECT case_id FROM {batch}
WHERE closed_today AND NOT withdrawn AND decided_at IS NULL AND refused_at IS NULL AND finish_code IS NULL
