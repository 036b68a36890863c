SELECT callbacks FROM declared_update WHERE store = :store AND plugin = :plugin
