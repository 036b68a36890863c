INSERT INTO snapshot (store, id, files, bytes, new_bytes, sealed_at) VALUES (:store, :id, :files, :bytes, :newBytes, :sealed)
