UPDATE snapshot SET off_site_error = :error WHERE store = :store AND id = :id
