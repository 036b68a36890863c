UPDATE data_update_step SET heartbeat_at = LOCALTIMESTAMP(3) WHERE claimed_by = :instance AND status = 'in-progress'
