SELECT * FROM plugin_sighting WHERE store = :store AND plugin = :plugin ORDER BY last_seen_at DESC, first_seen_at DESC LIMIT 100
