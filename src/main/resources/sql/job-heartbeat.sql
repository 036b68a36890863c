-- The runs of jobs that this instance (header instance) has claimed stay its own for another lease.
UPDATE job_run SET heartbeat_at = LOCALTIMESTAMP(3) WHERE claimed_by = :#instance
