-- The newest data update of each plugin of each store.
SELECT u.id, u.store, u.state, u.reason, u.exposed_since
FROM data_update u JOIN (
  SELECT store, plugin, MAX(created_at) AS created_at FROM data_update GROUP BY store, plugin
) newest ON newest.store = u.store AND newest.plugin = u.plugin AND newest.created_at = u.created_at
