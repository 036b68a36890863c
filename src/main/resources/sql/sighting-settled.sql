-- What was settled last, even if a .maintenance unsettled it before it was replaced.
SELECT * FROM plugin_sighting WHERE store = :store AND plugin = :plugin AND settled_at IS NOT NULL
ORDER BY last_seen_at DESC LIMIT 1
