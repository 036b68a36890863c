UPDATE snapshot SET verified_at = LOCALTIMESTAMP(3), damage = NULL WHERE store = :store AND id = :id
