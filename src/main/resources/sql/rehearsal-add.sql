INSERT INTO rehearsal (store, plugin, to_version, plan_checksum, code_version, snapshot_id, outcome, reason, ended_at)
VALUES (:store, :plugin, :to, :checksum, :code, :snapshot, :outcome, :reason, LOCALTIMESTAMP(3))
