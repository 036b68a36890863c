SELECT id, damage FROM snapshot WHERE store = :store AND damage IS NOT NULL ORDER BY id DESC
