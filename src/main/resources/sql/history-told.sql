DELETE FROM notice_told WHERE notice_id NOT IN (SELECT id FROM notice)
