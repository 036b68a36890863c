SELECT kind, text FROM notice WHERE store = :store AND dismissed_at IS NULL ORDER BY raised_at DESC
