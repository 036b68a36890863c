-- What is odd about the newest snapshot that was judged; null if it is trusted.
SELECT suspicion FROM snapshot WHERE store = :store AND (suspicion IS NOT NULL OR trusted_at IS NOT NULL)
ORDER BY id DESC LIMIT 1
