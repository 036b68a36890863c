INSERT INTO data_update_step (data_update_id, position, name, status, due_at)
VALUES (:update, :position, :name, 'pending', LOCALTIMESTAMP(3))
