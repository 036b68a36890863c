SELECT DISTINCT store FROM snapshot WHERE off_site_at IS NULL
