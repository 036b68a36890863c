-- Its cause is back.
UPDATE notice
SET kind = :kind, fingerprint = :fingerprint, text = :text, urgent = :urgent, changes = changes + 1,
  raised_at = LOCALTIMESTAMP(3), changed_at = LOCALTIMESTAMP(3), cleared_at = NULL, dismissed_at = NULL, dismissed_by = NULL
WHERE id = :id AND changes = :changes
