UPDATE notice SET text = :text, raised_at = LOCALTIMESTAMP(3), dismissed_at = NULL WHERE store = :store AND kind = :kind
