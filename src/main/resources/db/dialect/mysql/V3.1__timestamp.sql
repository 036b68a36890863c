-- Where explicit_defaults_for_timestamp is off, as in MariaDB before 10.10, the first TIMESTAMP of a table without a
-- default changes with every update of its row.
ALTER TABLE snapshot MODIFY sealed_at TIMESTAMP(3) DEFAULT CURRENT_TIMESTAMP(3) NOT NULL;
