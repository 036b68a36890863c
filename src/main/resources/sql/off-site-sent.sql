UPDATE snapshot SET off_site_at = LOCALTIMESTAMP(3), off_site_error = NULL WHERE store = :store AND id = :id
