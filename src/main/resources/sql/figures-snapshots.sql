-- Each store's newest snapshot, and how many it has.
SELECT s.store, s.files, s.bytes, s.new_bytes, s.failed, s.sealed_at, s.verified_at, newest.snapshots
FROM snapshot s JOIN (
  SELECT store, MAX(id) AS id, COUNT(*) AS snapshots FROM snapshot WHERE before_restore = 0 GROUP BY store
) newest ON newest.store = s.store AND newest.id = s.id
