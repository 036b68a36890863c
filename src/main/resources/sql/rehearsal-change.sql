UPDATE rehearsal
SET plan_checksum = :checksum, code_version = :code, snapshot_id = :snapshot, outcome = :outcome, reason = :reason,
    ended_at = LOCALTIMESTAMP(3)
WHERE store = :store AND plugin = :plugin AND to_version = :to
