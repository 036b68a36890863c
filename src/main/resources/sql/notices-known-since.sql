-- Since when stores are looked after.
SELECT store, MIN(first_seen_at) AS since FROM plugin_sighting WHERE store IN (:stores) GROUP BY store
