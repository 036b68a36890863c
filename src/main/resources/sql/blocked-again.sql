-- It was tried again by a person, but there is still no plan for it.
UPDATE data_update SET state = 'blocked', reason = :reason WHERE id = :id AND state IN ('pending', 'in-progress')
