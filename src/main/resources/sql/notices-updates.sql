-- The data update of each plugin that counts: the open one, else the newest.
SELECT u.*, o.note, o.cache_note, o.asked_at,
  (SELECT COUNT(*) FROM data_update_step s WHERE s.data_update_id = u.id AND s.status = 'failed') AS failed_steps
FROM (
  SELECT d.id, d.store, d.plugin, d.to_version, d.code_version, d.state, d.open_key, d.reason, d.exposed_since, d.finished_at,
    ROW_NUMBER() OVER (PARTITION BY d.store, d.plugin
      ORDER BY CASE WHEN d.open_key IS NULL THEN 1 ELSE 0 END, d.created_at DESC, d.id) AS place
  FROM data_update d WHERE d.store IN (:stores)) u
LEFT JOIN own_updater o ON o.data_update_id = u.id
WHERE u.place = 1
