-- The steps of the data updates that are not at their end, or failed, by status.
SELECT s.data_update_id, s.status, COUNT(*) AS steps, MIN(s.due_at) AS due_at, MIN(s.heartbeat_at) AS heartbeat_at
FROM data_update_step s JOIN data_update u ON u.id = s.data_update_id
WHERE u.state IN ('awaiting-approval', 'blocked', 'pending', 'in-progress', 'failed')
GROUP BY s.data_update_id, s.status
