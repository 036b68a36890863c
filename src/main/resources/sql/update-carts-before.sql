UPDATE data_update SET carts_before = :count, checksum_before = :checksum WHERE id = :id AND carts_before IS NULL
