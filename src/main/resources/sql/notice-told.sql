UPDATE notice_told SET fingerprint = :fingerprint, told_at = LOCALTIMESTAMP(3)
WHERE notice_id = :id AND channel = :channel
