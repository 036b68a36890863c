SELECT DISTINCT store FROM data_update WHERE open_key IS NOT NULL AND state IN ('pending', 'in-progress')
