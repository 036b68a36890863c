-- The steps that this instance (header instance) has claimed stay its own for another lease.
UPDATE data_update_step SET heartbeat_at = LOCALTIMESTAMP(3) WHERE claimed_by = :#instance AND status = 'in-progress'
