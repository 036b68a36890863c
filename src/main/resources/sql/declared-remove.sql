DELETE FROM declared_update WHERE store = :store AND plugin = :plugin
