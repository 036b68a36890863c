-- As long as nobody else has changed the plan or the state meanwhile.
UPDATE data_update SET plan_checksum = :checksum
WHERE id = :id AND plan_checksum = :before AND state IN ('awaiting-approval', 'pending', 'in-progress')
