SELECT case_id FROM {batch} WHERE fin AND project_type = 'promise' AND promise_limit IS NULL
