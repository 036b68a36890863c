UPDATE own_updater SET callbacks = :callbacks, final_version = :final WHERE data_update_id = :id
