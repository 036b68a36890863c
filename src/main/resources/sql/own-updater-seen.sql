UPDATE own_updater SET seen_at = LOCALTIMESTAMP(3) WHERE data_update_id = :id AND seen_at IS NULL
