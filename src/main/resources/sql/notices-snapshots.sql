-- Of each store: the newest snapshot, the newest that was judged, and those known to be damaged.
SELECT s.store, s.id, s.failed, s.damage, s.suspicion, s.sealed_at,
  CASE WHEN s.id = m.newest THEN 1 ELSE 0 END AS is_newest, CASE WHEN s.id = m.judged THEN 1 ELSE 0 END AS is_judged
FROM snapshot s JOIN (
  SELECT store, MAX(id) AS newest, MAX(CASE WHEN suspicion IS NOT NULL OR trusted_at IS NOT NULL THEN id END) AS judged
  FROM snapshot WHERE store IN (:stores) GROUP BY store) m ON m.store = s.store
WHERE s.id = m.newest OR s.id = m.judged OR s.damage IS NOT NULL
ORDER BY s.store, s.id DESC
