SELECT * FROM own_updater WHERE data_update_id = :id
