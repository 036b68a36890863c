-- A step that was left behind too often, as long as nobody else has claimed it meanwhile and its heart does not beat again.
UPDATE data_update_step
SET status = 'failed', error = :error, claimed_by = NULL, finished_at = LOCALTIMESTAMP(3)
WHERE data_update_id = :update AND position = :position AND attempts = :attempts
AND status = 'in-progress' AND (heartbeat_at < :expired OR heartbeat_at > :future)
