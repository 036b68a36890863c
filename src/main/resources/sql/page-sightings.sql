-- What was seen of a store's plugins, newest first.
SELECT plugin, version, state, schema_state, database_version, reason, first_seen_at, last_seen_at
FROM plugin_sighting WHERE store = :store ORDER BY last_seen_at DESC, first_seen_at DESC LIMIT 20
