-- Old rows are looked for by their age.
CREATE INDEX event_age ON event (at);
CREATE INDEX data_update_age ON data_update (state, finished_at);
