SELECT * FROM data_update WHERE id = :id
