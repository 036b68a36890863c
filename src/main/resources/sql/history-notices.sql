-- Notices that are long gone, of a store or of the whole bundle.
DELETE FROM notice WHERE store IN (:store, '') AND cleared_at < :before
