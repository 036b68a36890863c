-- What an instance has begun and will not end: from now on it counts as left behind.
UPDATE job_run SET heartbeat_at = :expired WHERE claimed_by = :instance
