SELECT store, kind, text FROM notice WHERE store IN (:stores) AND dismissed_at IS NULL ORDER BY raised_at DESC
