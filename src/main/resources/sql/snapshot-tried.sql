-- A drill has loaded it; known damage elsewhere in it stays known.
UPDATE snapshot SET verified_at = LOCALTIMESTAMP(3) WHERE store = :store AND id = :id AND damage IS NULL
