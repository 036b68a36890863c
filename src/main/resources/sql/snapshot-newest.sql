SELECT MAX(id) FROM snapshot WHERE store = :store
