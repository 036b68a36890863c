-- Old complete and canceled data updates, of which each plugin has a newer one.
SELECT * FROM data_update u
WHERE u.store = :store AND u.state IN ('complete', 'canceled') AND u.finished_at < :before AND EXISTS (
  SELECT 1 FROM data_update n WHERE n.store = u.store AND n.plugin = u.plugin AND n.created_at > u.created_at)
ORDER BY u.created_at LIMIT 100
