UPDATE data_update SET state = 'in-progress', reason = NULL WHERE id = :id AND state = 'pending'
