-- A step that gets on is not one of which its process dies, however often it is stopped: it counts as begun once.
UPDATE data_update_step SET reached_key = :key, attempts = 1
WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
