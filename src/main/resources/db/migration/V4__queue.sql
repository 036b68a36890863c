-- The queue stays as fast with a million finished steps: steps are found by way of the data updates that are not at their
-- end, which are few.
CREATE INDEX data_update_state ON data_update (state, store);
-- Nothing asks by it, and a planner without statistics takes it for the better one.
DROP INDEX data_update_step_status ${ofStep};
