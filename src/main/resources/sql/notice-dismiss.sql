UPDATE notice SET dismissed_at = LOCALTIMESTAMP(3) WHERE store = :store AND dismissed_at IS NULL
