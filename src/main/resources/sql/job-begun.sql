-- What is wrong if this run never ends.
UPDATE job_run SET error = :error WHERE store = :store AND job = :job AND token = :token
