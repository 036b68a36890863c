UPDATE job_run
SET progress_files = :files, progress_bytes = :bytes, progress_at = LOCALTIMESTAMP(3)
WHERE store = :store AND job = :job AND token = :token
