-- Only the first: one that an overtaken run makes later could hold half an update.
UPDATE data_update SET snapshot_id = :snapshot WHERE id = :id AND state IN ('pending', 'in-progress')
AND snapshot_id IS NULL
