DELETE FROM data_update WHERE id = :id AND state = 'blocked'
