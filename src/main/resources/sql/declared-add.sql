INSERT INTO declared_update (store, plugin, fingerprint, callbacks, final_version)
VALUES (:store, :plugin, :fingerprint, :callbacks, :final)
