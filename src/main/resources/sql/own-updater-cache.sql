UPDATE own_updater SET cache_note = :note WHERE data_update_id = :id
