SELECT * FROM plugin_sighting WHERE store = :store AND plugin = :plugin AND state = 'settled'
ORDER BY last_seen_at DESC LIMIT 1
