-- The oldest batches, $3 at most, up to about $2 nodes together and at least one batch.
WITH queue AS (
    SELECT id, sum(cardinality(nodes)) OVER (ORDER BY id) - cardinality(nodes) AS ahead
      FROM (SELECT id, nodes FROM delivery.dirty WHERE region = $1 ORDER BY id LIMIT $3) AS oldest
), taken AS (
    SELECT id FROM queue WHERE ahead < $2
)
DELETE FROM delivery.dirty d USING taken WHERE d.region = $1 AND d.id = taken.id RETURNING d.nodes, d.others
