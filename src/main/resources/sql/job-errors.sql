-- Why the last runs of a store's jobs failed; a look that failed comes first, as it tells why the others do.
SELECT error FROM job_run WHERE store = :store AND error IS NOT NULL
ORDER BY CASE job WHEN 'detect' THEN 1 WHEN 'migrate' THEN 2 ELSE 3 END
