UPDATE own_updater SET asked_at = LOCALTIMESTAMP(3) WHERE data_update_id = :id AND asked_at IS NULL
