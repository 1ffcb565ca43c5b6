-- A count that has come to nothing has no row; only findings of the timeline can go away.
DELETE FROM quality WHERE region = $1 AND subject = 'timeline' AND findings = 0
