-- Puts one step of a data update (body, a planned step) into the queue.
INSERT INTO data_update_step (data_update_id, position, name, status, due_at, plan_checksum)
VALUES (:#${body.dataUpdateId}, :#${body.position}, :#${body.name}, 'pending', LOCALTIMESTAMP(3), :#${body.checksum})
