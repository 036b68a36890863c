-- Plans that change while a data update is under way, and rehearsals.

-- plan_checksum: of the plan by which a data update goes; another plan is refused until it is taken by hand.
ALTER TABLE data_update ADD COLUMN plan_checksum VARCHAR(64);
-- plan_checksum: of this step of the plan, so that a new plan keeps what is done and still the same.
ALTER TABLE data_update_step ADD COLUMN plan_checksum VARCHAR(64);

-- How the last rehearsal of a plugin's data update ended. outcome: proven, failed (the update did, on the copy) or
-- impossible (no copy could be made).
CREATE TABLE rehearsal (
  store         VARCHAR(64)  NOT NULL,
  plugin        VARCHAR(128) NOT NULL,
  to_version    VARCHAR(64)  NOT NULL,
  plan_checksum VARCHAR(64)  NOT NULL,
  code_version  VARCHAR(64),
  snapshot_id   VARCHAR(32),
  outcome       VARCHAR(16)  NOT NULL,
  reason        VARCHAR(2000),
  ended_at      TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL,
  PRIMARY KEY (store, plugin, to_version)
);
