UPDATE data_update SET state = 'pending', reason = NULL WHERE id = :id AND state = 'blocked'
