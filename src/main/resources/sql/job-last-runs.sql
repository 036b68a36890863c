SELECT store, last_started_at, last_finished_at, error, heartbeat_at FROM job_run WHERE job = :job
