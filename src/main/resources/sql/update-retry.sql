UPDATE data_update
SET state = 'pending', reason = NULL, open_key = :key, finished_at = NULL, snapshot_id = NULL,
    carts_before = NULL, checksum_before = NULL
WHERE id = :id AND state IN ('failed', 'canceled')
