-- Backups that are watched, thinned out and copied off-site.

-- suspicion: what is odd about a snapshot in comparison with the one before, for a human to look at.
ALTER TABLE snapshot ADD COLUMN suspicion VARCHAR(2000);
-- trusted_at: when it was found to be like the trusted one before, or a human accepted it.
ALTER TABLE snapshot ADD COLUMN trusted_at TIMESTAMP(3) NULL;
-- off_site_error: why this snapshot itself, not the way there, kept it from being copied.
ALTER TABLE snapshot ADD COLUMN off_site_at TIMESTAMP(3) NULL;
ALTER TABLE snapshot ADD COLUMN off_site_error VARCHAR(2000);

-- dump_lacks: what the database dump does not have, and what to do about it; null if it has everything.
ALTER TABLE snapshot ADD COLUMN dump_lacks VARCHAR(2000);

-- How far the run of a job is; null when it is not running or cannot say.
ALTER TABLE job_run ADD COLUMN progress_files BIGINT;
ALTER TABLE job_run ADD COLUMN progress_bytes BIGINT;
ALTER TABLE job_run ADD COLUMN progress_at TIMESTAMP(3) NULL;

-- damage: what the last verification found wrong with a snapshot; null when it is whole or was never looked at.
ALTER TABLE snapshot ADD COLUMN damage VARCHAR(2000);

-- before_restore: 1 for a snapshot of what a restore was about to replace, which "latest" never means.
ALTER TABLE snapshot ADD COLUMN before_restore SMALLINT DEFAULT 0 NOT NULL;
