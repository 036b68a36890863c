SELECT * FROM (
  SELECT s.*, ROW_NUMBER() OVER (PARTITION BY store ORDER BY id DESC) AS nth
  FROM snapshot s WHERE store IN (:stores)) latest
WHERE nth = 1
