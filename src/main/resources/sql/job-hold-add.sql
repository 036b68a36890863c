INSERT INTO job_run (store, job, claimed_by, token, heartbeat_at)
VALUES (:store, :job, :instance, :token, LOCALTIMESTAMP(3))
