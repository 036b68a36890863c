-- As job-errors.sql, for several stores.
SELECT store, error FROM job_run WHERE store IN (:stores) AND error IS NOT NULL
ORDER BY CASE job WHEN 'detect' THEN 1 WHEN 'migrate' THEN 2 ELSE 3 END
