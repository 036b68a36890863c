-- Steps of a data update that were ever claimed.
SELECT COUNT(*) FROM data_update_step WHERE data_update_id = :id AND started_at IS NOT NULL
