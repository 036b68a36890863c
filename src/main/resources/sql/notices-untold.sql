-- What a channel does not know yet: a notice that is new or says something else, and one that it was told and is gone.
-- What came and went meanwhile is no news.
SELECT n.id, n.store, n.kind, n.cause, n.fingerprint, n.text, n.urgent, n.raised_at, n.changed_at, n.cleared_at,
  t.fingerprint AS told
FROM notice n LEFT JOIN notice_told t ON t.notice_id = n.id AND t.channel = :channel
WHERE (n.cleared_at IS NULL AND n.dismissed_at IS NULL AND n.fingerprint <> ''
    AND (t.notice_id IS NULL OR t.fingerprint <> n.fingerprint))
  OR (n.cleared_at IS NOT NULL AND t.fingerprint <> '')
