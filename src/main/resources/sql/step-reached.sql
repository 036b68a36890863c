UPDATE data_update_step SET reached_key = :key
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
