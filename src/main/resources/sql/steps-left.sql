-- What is left of a data update; the first one is next, the others follow it.
SELECT position, name, status, attempts, reached_key, carts_before, due_at, heartbeat_at, claimed_by
FROM data_update_step
WHERE data_update_id = :update AND status <> 'complete'
ORDER BY position
