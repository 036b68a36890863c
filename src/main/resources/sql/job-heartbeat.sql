UPDATE job_run SET heartbeat_at = LOCALTIMESTAMP(3) WHERE claimed_by = :instance
