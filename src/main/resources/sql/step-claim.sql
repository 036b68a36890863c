-- As long as nobody else has claimed it meanwhile (each claim is an attempt), and, if it was left behind, its heart does
-- not beat again.
UPDATE data_update_step
SET status = 'in-progress', attempts = attempts + 1, claimed_by = :instance, token = :token,
    heartbeat_at = LOCALTIMESTAMP(3), started_at = LOCALTIMESTAMP(3), error = NULL
WHERE data_update_id = :update AND position = :position AND attempts = :attempts
AND (status = 'pending' OR (status = 'in-progress' AND (heartbeat_at < :expired OR heartbeat_at > :future)))
