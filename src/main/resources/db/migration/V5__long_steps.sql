-- How far a long step is, saved with reached_key: rows done, rows there are in all (as last counted), seconds left.
ALTER TABLE data_update_step ADD COLUMN rows_done BIGINT;
ALTER TABLE data_update_step ADD COLUMN rows_total BIGINT;
ALTER TABLE data_update_step ADD COLUMN seconds_left BIGINT;
-- note: how the server did the step, and how it is known what became of the carts; for people.
ALTER TABLE data_update_step ADD COLUMN note VARCHAR(2000);
