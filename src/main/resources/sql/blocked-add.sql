INSERT INTO data_update (id, store, plugin, from_version, to_version, code_version, state, reason, open_key, exposed_since, created_at)
VALUES (:id, :store, :plugin, :from, :to, :code, 'blocked', :reason, :key, :exposed, LOCALTIMESTAMP(3))
