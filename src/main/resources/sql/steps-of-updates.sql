SELECT data_update_id, name, status, attempts, error, rows_done, rows_total, seconds_left, note
FROM data_update_step WHERE data_update_id IN (:updates) ORDER BY data_update_id, position
