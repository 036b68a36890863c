SELECT error FROM job_run WHERE store = :store AND error IS NOT NULL ORDER BY last_finished_at DESC
