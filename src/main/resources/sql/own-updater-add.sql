INSERT INTO own_updater (data_update_id) VALUES (:id)
