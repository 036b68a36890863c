-- What somebody has dismissed although its cause is still there.
SELECT store, text FROM notice WHERE store IN (:stores) AND dismissed_at IS NOT NULL AND cleared_at IS NULL
