UPDATE own_updater SET note = :note WHERE data_update_id = :id
