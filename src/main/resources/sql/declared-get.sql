SELECT callbacks, final_version FROM declared_update WHERE store = :store AND plugin = :plugin AND fingerprint = :fingerprint
