UPDATE own_updater SET nudged_at = LOCALTIMESTAMP(3), nudge = :nudge WHERE data_update_id = :id
