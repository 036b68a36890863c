UPDATE data_update SET snapshot_id = :snapshot WHERE id = :id AND state IN ('pending', 'in-progress')
