UPDATE own_updater SET first_action = :first WHERE data_update_id = :id
