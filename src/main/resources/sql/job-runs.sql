-- How a store's jobs last ran; running is 1 while one is alive.
SELECT job, last_started_at, last_finished_at, error,
       CASE WHEN claimed_by IS NOT NULL AND heartbeat_at >= :expired THEN 1 ELSE 0 END AS running
FROM job_run WHERE store = :store
