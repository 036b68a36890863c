-- What the history says about a data update's steps since it was opened.
SELECT at, text FROM event WHERE store = :store AND at >= :since AND text LIKE 'Step %' ORDER BY at DESC, id DESC LIMIT 300
