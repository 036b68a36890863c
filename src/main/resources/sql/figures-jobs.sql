-- How each job last went for each store, and how far those are that run now.
SELECT store, job, last_started_at, last_finished_at, heartbeat_at, progress_files, progress_bytes, progress_at,
  CASE WHEN error IS NULL THEN 0 ELSE 1 END AS failed, CASE WHEN claimed_by IS NULL THEN 0 ELSE 1 END AS claimed
FROM job_run
