SELECT plugin, state, version, rolled_back_from, database_version, schema_state, reason, first_seen_at, last_seen_at,
  settled_at
FROM plugin_sighting WHERE store = :store ORDER BY last_seen_at DESC, first_seen_at DESC LIMIT 1000
