-- Steps of the store that were claimed and have not ended; a canceled update's last step may still run.
SELECT s.heartbeat_at FROM data_update u JOIN data_update_step s ON s.data_update_id = u.id
WHERE u.state IN ('pending', 'in-progress', 'canceled') AND u.store = :store AND s.status = 'in-progress'
