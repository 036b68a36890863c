-- 1 while this instance holds the claim.
SELECT COUNT(*) FROM job_run WHERE store = :store AND job = :job AND claimed_by = :instance
