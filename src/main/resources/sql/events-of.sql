-- A store's history, newest first. Ids rise with time, so they also tell where a page ends.
SELECT id, at, text FROM event WHERE store = :store AND id < :before ORDER BY id DESC LIMIT 1000
