-- A data update's steps with all that the page shows of them.
SELECT name, status, attempts, error, note, rows_done, rows_total, seconds_left, started_at, finished_at, due_at
FROM data_update_step WHERE data_update_id = :update ORDER BY position
