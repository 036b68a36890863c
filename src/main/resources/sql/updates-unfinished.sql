SELECT * FROM data_update WHERE store = :store AND state <> 'complete' ORDER BY created_at
