INSERT INTO snapshot (store, id, files, bytes, new_bytes, failed, sealed_at)
VALUES (:store, :id, :files, :bytes, :newBytes, :failed, :sealed)
