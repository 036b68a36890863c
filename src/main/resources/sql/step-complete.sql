UPDATE data_update_step
SET status = 'complete', carts_checked = :checked, finished_at = LOCALTIMESTAMP(3), claimed_by = NULL, error = NULL
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
