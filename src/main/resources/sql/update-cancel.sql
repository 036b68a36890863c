UPDATE data_update SET state = 'canceled', reason = :reason, open_key = NULL, finished_at = LOCALTIMESTAMP(3)
WHERE id = :id AND open_key IS NOT NULL
