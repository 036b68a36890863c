DELETE FROM data_update WHERE id = :id AND state IN ('complete', 'canceled')
