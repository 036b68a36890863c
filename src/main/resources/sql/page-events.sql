-- A store's history, newest first; so much of it as a page ever shows.
SELECT at, text FROM event WHERE store = :store ORDER BY at DESC, id DESC LIMIT 1001
