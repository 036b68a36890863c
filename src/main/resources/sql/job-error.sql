SELECT error FROM job_run WHERE store = :store AND job = :job
