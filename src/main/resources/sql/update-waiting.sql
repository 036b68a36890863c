UPDATE data_update SET reason = :reason WHERE id = :id AND open_key IS NOT NULL
