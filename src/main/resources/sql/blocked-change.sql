UPDATE data_update SET from_version = :from, to_version = :to, code_version = :code, reason = :reason
WHERE id = :id AND state = 'blocked'
