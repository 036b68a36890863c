UPDATE notice SET cleared_at = LOCALTIMESTAMP(3), changes = changes + 1 WHERE id = :id AND changes = :changes
