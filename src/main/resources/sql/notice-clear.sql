DELETE FROM notice WHERE store = :store AND kind = :kind
