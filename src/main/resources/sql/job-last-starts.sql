SELECT store, last_started_at FROM job_run WHERE job = :job
