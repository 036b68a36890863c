UPDATE job_run
SET claimed_by = NULL, token = NULL, heartbeat_at = NULL, last_finished_at = LOCALTIMESTAMP(3), error = :error
WHERE store = :store AND job = :job AND claimed_by = :instance
