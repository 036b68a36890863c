SELECT plan_checksum FROM data_update WHERE id = :id
