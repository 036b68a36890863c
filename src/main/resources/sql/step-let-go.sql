-- Its process is stopped by a person, so this attempt says nothing about the step; whoever takes it over counts it anew.
UPDATE data_update_step SET attempts = attempts - 1
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress' AND attempts > 0
