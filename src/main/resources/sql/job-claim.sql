-- Free, left behind by an instance that died, or claimed by one that died before the clock was set back; the heart of
-- one that lives beats by the clock as it is now.
UPDATE job_run
SET claimed_by = :instance, token = :token, heartbeat_at = LOCALTIMESTAMP(3), last_started_at = LOCALTIMESTAMP(3),
  progress_files = NULL, progress_bytes = NULL, progress_at = NULL
WHERE store = :store AND job = :job AND (claimed_by IS NULL OR heartbeat_at < :expired OR heartbeat_at > :future)
