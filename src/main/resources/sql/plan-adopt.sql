-- A data update that was opened just now, or by a version of this program that kept no checksums.
UPDATE data_update SET plan_checksum = :checksum WHERE id = :id AND plan_checksum IS NULL
