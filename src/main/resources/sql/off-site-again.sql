UPDATE snapshot SET off_site_error = NULL WHERE store = :store AND off_site_error IS NOT NULL
