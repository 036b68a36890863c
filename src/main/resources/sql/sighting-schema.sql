UPDATE plugin_sighting SET schema_state = :schema, database_version = :version WHERE id = :id
