DROP TABLE region_horizon, quality, person, bed_status, snapshot_0600, unit_census, unit_capacity, unit, episode_stay, episode_link;
DROP FUNCTION overbelaggningar(int8, int8, int8, int4);
