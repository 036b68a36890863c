INSERT INTO notice (id, store, kind, cause, subject, fingerprint, text, urgent, raised_at, changed_at)
VALUES (:id, :store, :kind, :cause, :subject, :fingerprint, :text, :urgent, LOCALTIMESTAMP(3), LOCALTIMESTAMP(3))
