-- A step that this instance is running stays its own for another lease; nothing if another has taken it over.
UPDATE data_update_step SET heartbeat_at = LOCALTIMESTAMP(3)
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
