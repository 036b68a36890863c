-- All but one that is running and whose instance is alive.
DELETE FROM data_update_step
WHERE data_update_id = :id AND (status <> 'in-progress' OR heartbeat_at < :expired)
