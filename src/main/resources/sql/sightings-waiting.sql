-- Plugins that have changed and are whole, as far as one look can tell.
SELECT s.store, s.first_seen_at FROM plugin_sighting s
WHERE s.state = 'unsettled' AND s.reason IS NULL AND NOT EXISTS (
  SELECT 1 FROM plugin_sighting later
  WHERE later.store = s.store AND later.plugin = s.plugin AND later.last_seen_at > s.last_seen_at)
