-- How far a step is that runs in chunks; nothing if the claim is no longer ours.
UPDATE data_update_step SET rows_done = :done, rows_total = :total, seconds_left = :left
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
