UPDATE snapshot SET trusted_at = LOCALTIMESTAMP(3), suspicion = NULL
WHERE store = :store AND id = :id AND trusted_at IS NULL
