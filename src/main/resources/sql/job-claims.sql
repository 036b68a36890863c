SELECT job, heartbeat_at FROM job_run WHERE store = :store AND claimed_by IS NOT NULL AND claimed_by <> :instance
