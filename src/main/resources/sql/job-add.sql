INSERT INTO job_run (store, job, claimed_by, token, heartbeat_at, last_started_at)
VALUES (:store, :job, :instance, :token, LOCALTIMESTAMP(3), LOCALTIMESTAMP(3))
