-- Old updates are looked for by their age.
CREATE INDEX data_update_age ON data_update (state, finished_at);
