SELECT store, job, error FROM job_run WHERE store IN (:stores) AND error IS NOT NULL
