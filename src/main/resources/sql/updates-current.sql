-- As update-current.sql, for several stores.
SELECT * FROM (
  SELECT u.*, ROW_NUMBER() OVER (
    PARTITION BY store ORDER BY CASE WHEN open_key IS NULL THEN 1 ELSE 0 END, created_at DESC, id) AS nth
  FROM data_update u WHERE store IN (:stores)) latest
WHERE nth = 1
