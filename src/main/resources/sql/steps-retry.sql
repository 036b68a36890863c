-- All but one that is still running: that one goes to its end.
UPDATE data_update_step
SET status = 'pending', attempts = 0, error = NULL, token = NULL, claimed_by = NULL, due_at = LOCALTIMESTAMP(3),
    carts_before = NULL, checksum_before = NULL, carts_checked = NULL
WHERE data_update_id = :id AND status <> 'in-progress'
