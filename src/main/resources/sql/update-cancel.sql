UPDATE data_update SET state = 'canceled', reason = :reason, open_key = NULL, finished_at = LOCALTIMESTAMP(3)
WHERE id = :id AND state IN ('awaiting-approval', 'pending', 'in-progress', 'blocked')
AND NOT EXISTS (SELECT 1 FROM data_update_step WHERE data_update_id = :id AND status = 'in-progress')
