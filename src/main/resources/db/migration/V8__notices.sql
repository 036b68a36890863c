-- Several notices of a store at once, and what each channel was told of them.

-- One row for each thing that can be said: store ('' for the whole bundle), cause, and subject, such as a plugin or a job.
-- It stays when the cause is gone, so that a channel can be told that too.
-- fingerprint: of what makes it another notice; the text's figures may change without it. '' as it was before this table.
-- changes: counts every change of the row, so that nobody writes over what another has just written.
CREATE TABLE standing_notice (
  id           VARCHAR(100)  NOT NULL PRIMARY KEY,
  store        VARCHAR(64)   NOT NULL,
  kind         VARCHAR(32)   NOT NULL,
  cause        VARCHAR(32)   NOT NULL,
  subject      VARCHAR(128)  NOT NULL,
  fingerprint  VARCHAR(64)   NOT NULL,
  text         VARCHAR(2000) NOT NULL,
  urgent       SMALLINT      DEFAULT 0 NOT NULL,
  changes      INTEGER       DEFAULT 0 NOT NULL,
  raised_at    TIMESTAMP(3)  DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  changed_at   TIMESTAMP(3)  DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  cleared_at   TIMESTAMP(3)  NULL,
  dismissed_at TIMESTAMP(3)  NULL,
  dismissed_by VARCHAR(128)
);

-- Of attention it is not known what it was about; it is raised anew, if it is still true.
INSERT INTO standing_notice (id, store, kind, cause, subject, fingerprint, text, raised_at, changed_at, dismissed_at)
SELECT CONCAT(n.store, '-', n.kind), n.store, n.kind, n.kind,
  COALESCE((SELECT u.plugin FROM data_update u WHERE u.store = n.store
    ORDER BY CASE WHEN u.open_key IS NULL THEN 1 ELSE 0 END, u.created_at DESC, u.id LIMIT 1), ''),
  '', n.text, n.raised_at, n.raised_at, n.dismissed_at
FROM notice n WHERE n.kind <> 'attention';
