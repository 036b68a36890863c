UPDATE plugin_sighting
SET state = :state, version = :version, rolled_back_from = :rolledBackFrom, reason = :reason, last_seen_at = :now
WHERE id = :id
