INSERT INTO notice_told (notice_id, channel, fingerprint, told_at)
VALUES (:id, :channel, :fingerprint, LOCALTIMESTAMP(3))
