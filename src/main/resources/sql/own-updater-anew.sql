-- A person tries the update again: the waiting for the own updater begins anew.
UPDATE own_updater SET seen_at = NULL, note = NULL, cache_note = NULL, nudged_at = NULL WHERE data_update_id = :id
