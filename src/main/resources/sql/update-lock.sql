-- Whoever changes a data update and its steps together locks the update first.
SELECT state, plugin FROM data_update WHERE id = :id FOR UPDATE
