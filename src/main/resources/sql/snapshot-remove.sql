DELETE FROM snapshot WHERE store = :store AND id = :id
