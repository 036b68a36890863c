SELECT state FROM data_update WHERE id = :id
