-- Backups that are watched, thinned out and copied off-site.

-- suspicion: what is odd about a snapshot in comparison with the one before, for a human to look at.
ALTER TABLE snapshot ADD COLUMN suspicion VARCHAR(2000);
ALTER TABLE snapshot ADD COLUMN off_site_at TIMESTAMP(3) NULL;

-- How far the run of a job is; null when it is not running or cannot say.
ALTER TABLE job_run ADD COLUMN progress_files BIGINT;
ALTER TABLE job_run ADD COLUMN progress_bytes BIGINT;
ALTER TABLE job_run ADD COLUMN progress_at TIMESTAMP(3) NULL;

-- damage: what the last verification found wrong with a snapshot; null when it is whole or was never looked at.
ALTER TABLE snapshot ADD COLUMN damage VARCHAR(2000);
