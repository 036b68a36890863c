-- The callbacks did not end well: if a person tries again, they are queued anew.
UPDATE own_updater SET first_action = NULL, queued_at = NULL WHERE data_update_id = :id
