INSERT INTO event (id, store, instance, text) VALUES (:id, :store, :instance, :text)
