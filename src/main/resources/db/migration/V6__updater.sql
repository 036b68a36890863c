-- The plugins' own updaters, data updates that no plan describes, and object caches.

-- What is known of the plugin's own updater for a data update.
-- seen_at: when it was first seen at work; never set back, so that all waiting together has one limit.
-- note: what became of it, for people. cache_note: what an object cache of the store may still show.
-- callbacks: what the plugin's source declares for an update without a plan, a line "VERSION=NAME,NAME" each.
-- final_version: argument of cocart_update_db_to_current_version; null if the release has no such action.
-- asked_at: when a person handed the update over to WordPress. first_action: id from which on actions are ours.
CREATE TABLE own_updater (
  data_update_id VARCHAR(36)   NOT NULL PRIMARY KEY,
  seen_at        TIMESTAMP(3)  NULL,
  note           VARCHAR(2000),
  cache_note     VARCHAR(2000),
  callbacks      VARCHAR(8000),
  final_version  VARCHAR(64),
  asked_at       TIMESTAMP(3)  NULL,
  first_action   BIGINT,
  queued_at      TIMESTAMP(3)  NULL,
  nudged_at      TIMESTAMP(3)  NULL,
  nudge          VARCHAR(1000)
);

-- The data updates that a plugin's source declares, read once for each fingerprint of its folder.
CREATE TABLE declared_update (
  store         VARCHAR(64)   NOT NULL,
  plugin        VARCHAR(128)  NOT NULL,
  fingerprint   VARCHAR(64)   NOT NULL,
  callbacks     VARCHAR(8000) NOT NULL,
  final_version VARCHAR(64),
  PRIMARY KEY (store, plugin)
);
