SELECT * FROM data_update WHERE store = :store AND state = 'complete'
AND finished_at > (SELECT MAX(last_started_at) FROM job_run WHERE store = :store AND job = 'detect')
