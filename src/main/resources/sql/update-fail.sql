UPDATE data_update SET state = 'failed', reason = :reason, open_key = NULL, finished_at = LOCALTIMESTAMP(3)
WHERE id = :id AND state IN ('pending', 'in-progress')
