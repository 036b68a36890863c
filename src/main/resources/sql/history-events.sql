-- The inner SELECT is for MySQL.
DELETE FROM event WHERE id IN (SELECT id FROM (
  SELECT id FROM event WHERE store = :store AND at < :before LIMIT 1000) AS old)
