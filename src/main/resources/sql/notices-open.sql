-- What nobody has dismissed.
SELECT id, store, kind, cause, text, urgent, raised_at, changed_at
FROM notice WHERE store IN (:stores) AND cleared_at IS NULL AND dismissed_at IS NULL
