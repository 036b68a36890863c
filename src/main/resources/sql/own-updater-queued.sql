UPDATE own_updater SET first_action = :first, queued_at = LOCALTIMESTAMP(3)
WHERE data_update_id = :id AND queued_at IS NULL
