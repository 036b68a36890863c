UPDATE notice SET dismissed_at = LOCALTIMESTAMP(3), dismissed_by = :by, changes = changes + 1
WHERE store = :store AND id = :id AND cleared_at IS NULL AND dismissed_at IS NULL
