-- A no-op that had been measured is a step whose process died between the change and its record.
SELECT COUNT(*) FROM data_update_step
WHERE data_update_id = :update
AND (carts_checked = 'unlocked' OR (carts_checked = 'no-op' AND carts_before IS NOT NULL))
