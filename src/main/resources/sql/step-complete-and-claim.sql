-- Completes a step and claims the one after it, two rows or none: the claim of the first is still ours, the
-- second is what was read ahead and is due, and the data update was not canceled or failed, nor begun anew, meanwhile.
UPDATE data_update_step
SET status = CASE position WHEN :position THEN 'complete' ELSE 'in-progress' END,
    carts_checked = CASE position WHEN :position THEN :checked ELSE carts_checked END,
    finished_at = CASE position WHEN :position THEN LOCALTIMESTAMP(3) ELSE finished_at END,
    attempts = CASE position WHEN :position THEN attempts ELSE attempts + 1 END,
    started_at = CASE position WHEN :position THEN started_at ELSE LOCALTIMESTAMP(3) END,
    claimed_by = CASE position WHEN :position THEN NULL ELSE :instance END,
    token = CASE position WHEN :position THEN token ELSE :nextToken END,
    heartbeat_at = LOCALTIMESTAMP(3),
    error = NULL
WHERE data_update_id = :update AND position IN (:position, :next)
AND ((position = :position AND token = :token AND status = 'in-progress')
  OR (position = :next AND name = :name AND attempts = :attempts AND status = 'pending' AND due_at <= LOCALTIMESTAMP(3)))
AND EXISTS (
  SELECT 1 FROM data_update WHERE id = :update AND state = 'in-progress' AND snapshot_id IS NOT NULL)
