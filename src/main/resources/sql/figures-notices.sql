-- Notices that nobody has dismissed, by kind.
SELECT kind, COUNT(*) AS notices FROM notice WHERE dismissed_at IS NULL AND cleared_at IS NULL GROUP BY kind
