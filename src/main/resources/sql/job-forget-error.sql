UPDATE job_run SET error = NULL WHERE job = :job AND error IS NOT NULL
