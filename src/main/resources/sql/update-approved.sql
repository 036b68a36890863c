SELECT * FROM data_update WHERE store = :store AND state IN ('pending', 'in-progress') ORDER BY created_at
