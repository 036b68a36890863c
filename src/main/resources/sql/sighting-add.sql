INSERT INTO plugin_sighting
  (id, store, plugin, fingerprint, state, version, rolled_back_from, reason, first_seen_at, last_seen_at)
VALUES (:id, :store, :plugin, :fingerprint, :state, :version, :rolledBackFrom, :reason, :now, :now)
