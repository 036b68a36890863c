-- 1 while the run with this token holds the claim.
SELECT COUNT(*) FROM job_run WHERE store = :store AND job = :job AND token = :token
