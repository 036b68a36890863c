-- A migration of its own, as it could not be told half done from not begun.
ALTER TABLE standing_notice RENAME TO notice;
