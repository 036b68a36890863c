-- The store's data updates that are approved and backed up, oldest first. Locked until the claim is made, so that of two
-- workers that come at once the second sees what the first has claimed.
SELECT id, plugin, to_version FROM data_update
WHERE state IN ('pending', 'in-progress') AND store = :store AND snapshot_id IS NOT NULL
ORDER BY created_at, id
FOR UPDATE
