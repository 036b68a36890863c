-- It says the same with other figures.
UPDATE notice SET kind = :kind, fingerprint = :fingerprint, text = :text, urgent = :urgent, changes = changes + 1
WHERE id = :id AND changes = :changes
