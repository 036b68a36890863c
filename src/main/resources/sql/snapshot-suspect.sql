UPDATE snapshot SET suspicion = :suspicion WHERE store = :store AND id = :id AND trusted_at IS NULL
