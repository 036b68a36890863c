UPDATE snapshot SET dump_lacks = :lacks WHERE store = :store AND id = :id
