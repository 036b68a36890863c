-- State of all stores. The same SQL for H2, PostgreSQL and MariaDB; every time is UTC, by the database's clock.

CREATE TABLE plugin_sighting (
  id               VARCHAR(36)  NOT NULL PRIMARY KEY,
  store            VARCHAR(64)  NOT NULL,
  plugin           VARCHAR(128) NOT NULL,
  fingerprint      VARCHAR(64)  NOT NULL,
  state            VARCHAR(16)  NOT NULL,
  version          VARCHAR(64),
  rolled_back_from VARCHAR(64),
  database_version VARCHAR(64),
  schema_state     VARCHAR(16)  DEFAULT 'unknown' NOT NULL,
  reason           VARCHAR(1000),
  first_seen_at    TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  last_seen_at     TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  settled_at       TIMESTAMP(3) NULL
);
CREATE INDEX plugin_sighting_latest ON plugin_sighting (store, plugin, last_seen_at);

-- open_key is 'store/plugin' while the data update is not at its end: at most one is open.
CREATE TABLE data_update (
  id               VARCHAR(36)  NOT NULL PRIMARY KEY,
  store            VARCHAR(64)  NOT NULL,
  plugin           VARCHAR(128) NOT NULL,
  from_version     VARCHAR(64),
  to_version       VARCHAR(64)  NOT NULL,
  code_version     VARCHAR(64)  NOT NULL,
  state            VARCHAR(32)  NOT NULL,
  reason           VARCHAR(2000),
  open_key         VARCHAR(200) UNIQUE,
  snapshot_id      VARCHAR(32),
  carts_before     BIGINT,
  checksum_before  VARCHAR(64),
  carts_after      BIGINT,
  checksum_after   VARCHAR(64),
  exposed_since    TIMESTAMP(3) NULL,
  exposure_seconds BIGINT,
  created_at       TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  finished_at      TIMESTAMP(3) NULL
);
CREATE INDEX data_update_latest ON data_update (store, created_at);

CREATE TABLE data_update_step (
  data_update_id  VARCHAR(36)  NOT NULL,
  position        INTEGER      NOT NULL,
  name            VARCHAR(128) NOT NULL,
  status          VARCHAR(16)  NOT NULL,
  attempts        INTEGER      DEFAULT 0 NOT NULL,
  error           VARCHAR(2000),
  reached_key     BIGINT,
  carts_before    BIGINT,
  checksum_before VARCHAR(64),
  carts_checked   VARCHAR(16),
  claimed_by      VARCHAR(128),
  token           VARCHAR(36),
  heartbeat_at    TIMESTAMP(3) NULL,
  due_at          TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  started_at      TIMESTAMP(3) NULL,
  finished_at     TIMESTAMP(3) NULL,
  PRIMARY KEY (data_update_id, position)
);
CREATE INDEX data_update_step_status ON data_update_step (status, due_at);

CREATE TABLE snapshot (
  store       VARCHAR(64)  NOT NULL,
  id          VARCHAR(32)  NOT NULL,
  files       BIGINT       NOT NULL,
  bytes       BIGINT       NOT NULL,
  new_bytes   BIGINT       NOT NULL,
  failed      BIGINT       NOT NULL,
  sealed_at   TIMESTAMP(3) NOT NULL,
  verified_at TIMESTAMP(3) NULL,
  PRIMARY KEY (store, id)
);

CREATE TABLE notice (
  store        VARCHAR(64)   NOT NULL,
  kind         VARCHAR(32)   NOT NULL,
  text         VARCHAR(2000) NOT NULL,
  raised_at    TIMESTAMP(3)  DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  dismissed_at TIMESTAMP(3)  NULL,
  PRIMARY KEY (store, kind)
);

CREATE TABLE event (
  id       VARCHAR(36)   NOT NULL PRIMARY KEY,
  at       TIMESTAMP(3)  DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  store    VARCHAR(64)   NOT NULL,
  instance VARCHAR(128)  NOT NULL,
  text     VARCHAR(2000) NOT NULL
);
CREATE INDEX event_latest ON event (store, at);

-- When a job last ran for a store, and who runs it now.
CREATE TABLE job_run (
  store            VARCHAR(64)  NOT NULL,
  job              VARCHAR(16)  NOT NULL,
  last_started_at  TIMESTAMP(3) NULL,
  last_finished_at TIMESTAMP(3) NULL,
  error            VARCHAR(2000),
  claimed_by       VARCHAR(128),
  token            VARCHAR(36),
  heartbeat_at     TIMESTAMP(3) NULL,
  PRIMARY KEY (store, job)
);
