-- It says something else, so that it is shown again if it was dismissed.
UPDATE notice
SET kind = :kind, fingerprint = :fingerprint, text = :text, urgent = :urgent, changes = changes + 1,
  changed_at = LOCALTIMESTAMP(3), dismissed_at = NULL, dismissed_by = NULL
WHERE id = :id AND changes = :changes
