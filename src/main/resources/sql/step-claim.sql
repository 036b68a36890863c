UPDATE data_update_step
SET status = 'in-progress', attempts = attempts + 1, claimed_by = :instance, token = :token,
    heartbeat_at = LOCALTIMESTAMP(3), started_at = LOCALTIMESTAMP(3), error = NULL
WHERE data_update_id = :update AND position = :position
