-- 1 if the job ever ran for the store.
SELECT COUNT(*) FROM job_run WHERE store = :store AND job = :job
