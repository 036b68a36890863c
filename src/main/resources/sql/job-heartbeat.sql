-- Runs of jobs stay their instance's own for another lease; one that was overtaken has its token here no more.
UPDATE job_run SET heartbeat_at = LOCALTIMESTAMP(3) WHERE token IN (:tokens)
