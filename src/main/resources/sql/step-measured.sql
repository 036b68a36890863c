UPDATE data_update_step SET carts_before = :carts, checksum_before = :checksum
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
