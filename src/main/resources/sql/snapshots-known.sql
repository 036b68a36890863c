SELECT * FROM snapshot WHERE store = :store
