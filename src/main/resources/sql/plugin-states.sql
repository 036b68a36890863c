-- What was last seen of each plugin of several stores.
SELECT * FROM (
  SELECT s.*, ROW_NUMBER() OVER (
    PARTITION BY store, plugin ORDER BY last_seen_at DESC, first_seen_at DESC) AS nth
  FROM plugin_sighting s WHERE store IN (:stores)) latest
WHERE nth = 1
