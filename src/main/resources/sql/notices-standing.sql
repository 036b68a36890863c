-- Every notice that was ever raised for some stores, gone or not.
SELECT id, store, cause, subject, fingerprint, kind, text, urgent, changes, cleared_at FROM notice WHERE store IN (:stores)
