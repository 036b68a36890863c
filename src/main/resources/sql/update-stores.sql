-- Stores with a data update that may go on.
SELECT DISTINCT store AS store FROM data_update WHERE open_key IS NOT NULL AND state IN ('pending', 'in-progress')
