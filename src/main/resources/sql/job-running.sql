-- 1 if a run of this job is alive.
SELECT COUNT(*) FROM job_run
WHERE store = :store AND job = :job AND claimed_by IS NOT NULL AND heartbeat_at >= :expired
