SELECT at, text FROM event WHERE store = :store ORDER BY at DESC, id DESC LIMIT :most
