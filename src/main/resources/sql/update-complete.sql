UPDATE data_update
SET state = 'complete', reason = :reason, open_key = NULL, finished_at = LOCALTIMESTAMP(3), exposure_seconds = :exposure,
    carts_after = :count, checksum_after = :checksum
WHERE id = :id AND state IN ('awaiting-approval', 'pending', 'in-progress')
