SELECT * FROM data_update WHERE store = :store
ORDER BY CASE WHEN open_key IS NULL THEN 1 ELSE 0 END, created_at DESC, id LIMIT 1
