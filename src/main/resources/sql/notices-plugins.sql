-- Each plugin as it was last seen.
SELECT p.* FROM (
  SELECT s.store, s.plugin, s.state, s.version, s.rolled_back_from, s.schema_state, s.reason, s.first_seen_at,
    s.last_seen_at,
    ROW_NUMBER() OVER (PARTITION BY s.store, s.plugin ORDER BY s.last_seen_at DESC, s.first_seen_at DESC) AS place
  FROM plugin_sighting s WHERE s.store IN (:stores)) p
WHERE p.place = 1
