-- Free by the same rule as for job-claim.sql.
UPDATE job_run SET claimed_by = :instance, token = :token, heartbeat_at = LOCALTIMESTAMP(3)
WHERE store = :store AND job = :job AND (claimed_by IS NULL OR heartbeat_at < :expired OR heartbeat_at > :future)
