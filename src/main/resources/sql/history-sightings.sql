-- Old sightings of which the same plugin has a newer settled one. The inner SELECT is for MySQL.
DELETE FROM plugin_sighting WHERE id IN (SELECT id FROM (
  SELECT o.id FROM plugin_sighting o
  WHERE o.store = :store AND o.last_seen_at < :before AND EXISTS (
    SELECT 1 FROM plugin_sighting n
    WHERE n.store = o.store AND n.plugin = o.plugin AND n.settled_at IS NOT NULL AND n.last_seen_at > o.last_seen_at)
  LIMIT 1000) AS old)
