UPDATE job_run
SET claimed_by = NULL, token = NULL, heartbeat_at = NULL, last_finished_at = LOCALTIMESTAMP(3), error = :error,
  progress_files = NULL, progress_bytes = NULL, progress_at = NULL
WHERE store = :store AND job = :job AND token = :token
