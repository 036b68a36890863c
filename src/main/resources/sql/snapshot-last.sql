SELECT * FROM snapshot WHERE store = :store ORDER BY id DESC LIMIT 1
