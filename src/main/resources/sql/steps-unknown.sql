-- Steps of a data update in a state that only another version of this program can have written: nobody claims them.
SELECT name, status FROM data_update_step
WHERE data_update_id = :id AND status NOT IN ('pending', 'in-progress', 'complete', 'failed', 'canceled')
ORDER BY position
