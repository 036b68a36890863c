-- Backups that are watched, thinned out and copied off-site.

-- suspicion: what is odd about a snapshot in comparison with the one before, for a human to look at.
ALTER TABLE snapshot ADD COLUMN suspicion VARCHAR(2000);
ALTER TABLE snapshot ADD COLUMN off_site_at TIMESTAMP(3) NULL;

-- dump_lacks: what the database dump does not have, and what to do about it; null if it has everything.
ALTER TABLE snapshot ADD COLUMN dump_lacks VARCHAR(2000);

-- How far the run of a job is; null when it is not running or cannot say.
ALTER TABLE job_run ADD COLUMN progress_files BIGINT;
ALTER TABLE job_run ADD COLUMN progress_bytes BIGINT;
ALTER TABLE job_run ADD COLUMN progress_at TIMESTAMP(3) NULL;
