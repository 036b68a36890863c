UPDATE plugin_sighting
SET state = :state, version = :version, rolled_back_from = :rolledBackFrom, reason = :reason, last_seen_at = :now,
    settled_at = CASE WHEN :state = 'settled' AND settled_at IS NULL THEN LOCALTIMESTAMP(3) ELSE settled_at END
WHERE id = :id
