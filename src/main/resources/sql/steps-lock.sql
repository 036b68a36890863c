-- A data update's steps as they are; none is claimed nor ends until this transaction does.
SELECT name, status FROM data_update_step WHERE data_update_id = :id ORDER BY position FOR UPDATE
