SELECT * FROM data_update WHERE open_key = :key
