DROP FUNCTION wall(regclass, boolean);
DROP FUNCTION writer_region();
DROP FUNCTION reader_region();
