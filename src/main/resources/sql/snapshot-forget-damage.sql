UPDATE snapshot SET damage = NULL WHERE store = :store AND id = :id
