-- What is left is in standing_notice.
DROP TABLE notice;
