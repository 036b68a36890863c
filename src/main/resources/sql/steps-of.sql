SELECT name, status, attempts, error FROM data_update_step WHERE data_update_id = :update ORDER BY position
