SELECT store, job, last_started_at, progress_files, progress_bytes, progress_at FROM job_run
WHERE store IN (:stores) AND claimed_by IS NOT NULL AND heartbeat_at >= :expired AND progress_at IS NOT NULL
ORDER BY progress_at DESC
