SELECT id FROM snapshot WHERE store = :store AND before_restore = 1
