DROP FUNCTION board_census(timestamptz, timestamptz);
DROP FUNCTION board_events(timestamptz, text[]);
DROP FUNCTION board_component(text, text[]);
DROP FUNCTION board_reach(text[], text[]);
DROP VIEW board_link, board_origin, board_progress;
