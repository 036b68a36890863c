-- step-complete-and-claim.sql and its events in one statement, so that a step costs one round trip and one commit: the
-- claim follows only if the completion was ours, and each is told if it was made. 2 rows: both; 1: no next step is to be
-- had; 0: the claim was lost.
WITH done AS (
  UPDATE data_update_step
  SET status = 'complete', carts_checked = :checked, finished_at = LOCALTIMESTAMP(3), claimed_by = NULL, error = NULL
  WHERE data_update_id = :update AND position = :position AND token = :token AND status = 'in-progress'
  RETURNING position
), next AS (
  UPDATE data_update_step
  SET status = 'in-progress', attempts = attempts + 1, claimed_by = :instance, token = :nextToken,
      heartbeat_at = LOCALTIMESTAMP(3), started_at = LOCALTIMESTAMP(3), error = NULL
  WHERE data_update_id = :update AND position = :next AND name = :name AND attempts = :attempts
  AND status = 'pending' AND due_at <= LOCALTIMESTAMP(3)
  AND EXISTS (SELECT 1 FROM done)
  AND EXISTS (SELECT 1 FROM data_update WHERE id = :update AND state = 'in-progress' AND snapshot_id IS NOT NULL)
  RETURNING position
)
INSERT INTO event (id, store, instance, text)
SELECT :completedId, :store, :instance, :completed FROM done
UNION ALL
SELECT :startedId, :store, :instance, :started FROM next
