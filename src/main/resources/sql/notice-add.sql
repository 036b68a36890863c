INSERT INTO notice (store, kind, text, raised_at) VALUES (:store, :kind, :text, LOCALTIMESTAMP(3))
