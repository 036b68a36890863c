-- A step of a changed plan; what was done and is still the same comes with how it went.
INSERT INTO data_update_step (data_update_id, position, name, status, plan_checksum, due_at, attempts, reached_key,
  carts_before, checksum_before, carts_checked, started_at, finished_at)
VALUES (:id, :position, :name, :status, :checksum, LOCALTIMESTAMP(3), :attempts, :reached,
  :carts, :cartsChecksum, :checked, :started, :finished)
