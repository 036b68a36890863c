-- The first step that is not complete, of the store's approved and backed up update; pending and due, or left behind
-- by an instance that died. No other step of the store may be running.
SELECT s.data_update_id, u.plugin, u.to_version, s.position, s.name, s.attempts, s.reached_key, s.carts_before
FROM data_update_step s JOIN data_update u ON u.id = s.data_update_id
WHERE u.store = :store AND u.state IN ('pending', 'in-progress') AND u.snapshot_id IS NOT NULL
AND ((s.status = 'pending' AND s.due_at <= :now) OR (s.status = 'in-progress' AND s.heartbeat_at < :expired))
AND NOT EXISTS (
  SELECT 1 FROM data_update_step e
  WHERE e.data_update_id = s.data_update_id AND e.position < s.position AND e.status <> 'complete')
AND NOT EXISTS (
  SELECT 1 FROM data_update_step r JOIN data_update ru ON ru.id = r.data_update_id
  WHERE ru.store = u.store AND r.status = 'in-progress' AND r.heartbeat_at >= :expired)
ORDER BY u.created_at, s.position
LIMIT 1
FOR UPDATE SKIP LOCKED
