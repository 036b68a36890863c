UPDATE snapshot SET before_restore = 1 WHERE store = :store AND id = :id
