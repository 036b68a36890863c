-- Since when stores are looked after: the first that was seen of them, or said, where none could be seen yet.
SELECT store, MIN(since) AS since FROM (
  SELECT store, MIN(first_seen_at) AS since FROM plugin_sighting WHERE store IN (:stores) GROUP BY store
  UNION ALL
  SELECT store, MIN(at) AS since FROM event WHERE store IN (:stores) GROUP BY store
) AS known GROUP BY store
