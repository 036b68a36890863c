SELECT * FROM data_update WHERE store = :store AND plugin = :plugin ORDER BY created_at DESC, id LIMIT 1
