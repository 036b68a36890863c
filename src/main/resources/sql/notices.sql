SELECT kind, text FROM notice WHERE store = :store ORDER BY raised_at
