-- How a step was done; nothing if the claim is no longer ours.
UPDATE data_update_step SET note = :note
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
