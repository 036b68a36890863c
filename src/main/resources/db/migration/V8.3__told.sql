CREATE UNIQUE INDEX notice_once ON notice (store, cause, subject);

-- What a channel (log, webhook, mail) was last told of a notice. fingerprint: '' once it was told that the cause is gone.
CREATE TABLE notice_told (
  notice_id   VARCHAR(100) NOT NULL,
  channel     VARCHAR(16)  NOT NULL,
  fingerprint VARCHAR(64)  NOT NULL,
  told_at     TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  PRIMARY KEY (notice_id, channel)
);
