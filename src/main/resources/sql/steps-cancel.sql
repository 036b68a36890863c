UPDATE data_update_step SET status = 'canceled' WHERE data_update_id = :id AND status = 'pending'
