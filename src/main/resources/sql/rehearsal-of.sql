SELECT * FROM rehearsal WHERE store = :store AND plugin = :plugin AND to_version = :to
