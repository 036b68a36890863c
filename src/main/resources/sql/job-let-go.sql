UPDATE job_run SET claimed_by = NULL, token = NULL, heartbeat_at = NULL
WHERE store = :store AND job = :job AND token = :token
