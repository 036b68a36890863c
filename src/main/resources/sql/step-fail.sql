UPDATE data_update_step
SET status = :status, error = :error, due_at = :due, claimed_by = NULL, finished_at = LOCALTIMESTAMP(3)
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
