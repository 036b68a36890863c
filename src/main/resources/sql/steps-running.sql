-- When the steps of the store that were claimed and have not ended were last heard of; a canceled update's last step may
-- still run. Not a join: a planner that takes the table for empty, as it was when last looked at, reads all steps for it.
SELECT heartbeat_at FROM (
  SELECT (SELECT MAX(s.heartbeat_at) FROM data_update_step s
          WHERE s.data_update_id = u.id AND s.status = 'in-progress') AS heartbeat_at
  FROM data_update u
  WHERE u.state IN ('pending', 'in-progress', 'canceled') AND u.store = :store
) running
WHERE heartbeat_at IS NOT NULL
