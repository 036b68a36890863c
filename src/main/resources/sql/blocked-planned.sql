-- There is a plan now: the same data update goes on by it.
UPDATE data_update SET state = :state, reason = NULL, from_version = :from, to_version = :to, code_version = :code
WHERE id = :id AND state = 'blocked'
