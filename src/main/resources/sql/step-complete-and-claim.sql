-- Completes a step, and those behind it up to :last that were done already, and claims the next one (-1: there is none);
-- all of these rows or none: the claim of the first is still ours, the others are what was read ahead and are due, and the
-- data update was not canceled or failed, nor begun anew, meanwhile.
UPDATE data_update_step
SET status = CASE position WHEN :next THEN 'in-progress' ELSE 'complete' END,
    carts_checked = CASE position WHEN :next THEN carts_checked WHEN :position THEN :checked ELSE 'no-op' END,
    finished_at = CASE position WHEN :next THEN finished_at ELSE LOCALTIMESTAMP(3) END,
    attempts = CASE position WHEN :position THEN attempts ELSE attempts + 1 END,
    started_at = CASE position WHEN :position THEN started_at ELSE LOCALTIMESTAMP(3) END,
    claimed_by = CASE position WHEN :next THEN :instance ELSE NULL END,
    token = CASE position WHEN :next THEN :nextToken ELSE token END,
    heartbeat_at = LOCALTIMESTAMP(3),
    error = NULL
WHERE data_update_id = :update
AND ((position = :position AND token = :token AND status = 'in-progress')
  OR (position > :position AND position <= :last AND attempts = 0
      AND status = 'pending' AND due_at <= LOCALTIMESTAMP(3))
  OR (position = :next AND name = :name AND attempts = :attempts
      AND status = 'pending' AND due_at <= LOCALTIMESTAMP(3)))
AND position >= :position AND (position <= :last OR position = :next)
AND (SELECT CASE WHEN snapshot_id IS NULL THEN '' ELSE state END FROM data_update WHERE id = :update) = 'in-progress'
