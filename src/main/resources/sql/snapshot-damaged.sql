UPDATE snapshot SET verified_at = NULL, damage = :damage WHERE store = :store AND id = :id
