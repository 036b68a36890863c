DELETE FROM data_update_step WHERE data_update_id = :id
