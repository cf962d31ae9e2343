-- The outbox: claiming heads of line, results, dead letters.

-- Heads of line that are due, in the order of the index: as many are looked at as are wanted. The count instead of NOT EXISTS, and OFFSET 0,
-- keep it so however few rows the planner thinks are on their way.
-- name: outbox_heads
-- class: batch
SELECT o.bucket, o.event_id FROM whynow.outbox o WHERE o.sink = $1 AND o.state IN ('pending', 'leased') AND o.step < 0 AND o.next_at <= $2
AND (SELECT count(*) FROM (SELECT e.step, e.state FROM whynow.outbox e WHERE e.bucket = o.bucket AND e.subject_id = o.subject_id AND e.sink = o.sink
	AND e.gen < o.gen AND e.state IN ('pending', 'leased') OFFSET 0) x WHERE x.step < 0 OR x.state = 'leased') = 0
ORDER BY o.next_at, o.bucket, o.gen LIMIT $3

-- name: outbox_claim
-- class: hot
UPDATE whynow.outbox o SET state = 'leased', lease_token = $5, next_at = $6, attempts = o.attempts + 1, first_at = coalesce(o.first_at, $4)
WHERE o.bucket = $1 AND o.event_id = $2 AND o.sink = $3 AND o.state IN ('pending', 'leased') AND o.step < 0 AND o.next_at <= $4
AND NOT EXISTS (SELECT 1 FROM whynow.outbox e WHERE e.bucket = $1 AND e.subject_id = o.subject_id AND e.sink = o.sink AND e.gen < o.gen
	AND e.state IN ('pending', 'leased') AND (e.step < 0 OR e.state = 'leased'))
RETURNING o.bucket, o.event_id, o.campaign_id, o.gen, o.sink, o.type, o.subject, o.at, o.payload, o.attempts, o.first_at, o.lease_token, o.account_id,
	o.contact_id, o.step

-- name: outbox_done
-- class: hot
UPDATE whynow.outbox SET state = $5, next_at = $6, last_error = $7, done_at = $8, lease_token = NULL
WHERE bucket = $1 AND event_id = $2 AND sink = $3 AND state = 'leased' AND lease_token = $4

-- name: outbox_line_waits
-- class: hot
UPDATE whynow.outbox SET next_at = $5 WHERE bucket = $1 AND sink = $3 AND gen > $4 AND state = 'pending' AND step < 0 AND next_at < $5
	AND subject_id = (SELECT subject_id FROM whynow.outbox WHERE bucket = $1 AND event_id = $2 AND sink = $3)

-- name: outbox_busy
-- class: batch
-- Without `step` inside: only the index by line answers then, however few rows the planner thinks are on their way.
SELECT DISTINCT k.n, o.sink FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT sink, step FROM whynow.outbox WHERE bucket = k.b::int2 AND subject_id = k.id AND state IN ('pending', 'leased') OFFSET 0) o
WHERE o.step < 0

-- name: outbox_replay
-- class: cold
UPDATE whynow.outbox SET state = 'pending', next_at = $3, attempts = 0, first_at = NULL, done_at = NULL
WHERE sink = $1 AND state = 'dead' AND step < 0 AND ($2::uuid IS NULL OR event_id = $2::uuid)

-- name: outbox_prune
-- class: cold
WITH old AS (SELECT bucket, event_id, sink FROM whynow.outbox WHERE state IN ('delivered', 'cancelled') AND done_at < $1 AND at < $1 LIMIT $2)
DELETE FROM whynow.outbox o USING old WHERE o.bucket = old.bucket AND o.event_id = old.event_id AND o.sink = old.sink

-- name: outbox_pruned_to
-- class: cold
UPDATE whynow.installation SET outbox_pruned_to = greatest(outbox_pruned_to, $1)

-- name: plain_history
-- class: hot
INSERT INTO whynow.history (bucket, bucketed_by, subject_id, gen, on_day, at, subject, type, from_state, to_state, why, event_id, sinks, data, actor, instance)
VALUES ($1, $2, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)

-- The event of a touch, once, whatever sink it was made for: a reload may have given its channel to another.
-- name: outbox_read
-- class: batch
SELECT o.bucket, o.event_id, o.campaign_id, o.gen, k.sink, o.type, o.subject, o.at, o.payload, o.attempts, o.first_at, o.lease_token, o.account_id,
	o.contact_id, o.step
FROM unnest($1::int8[], $2::uuid[], $3::text[]) WITH ORDINALITY AS k (b, id, sink, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.outbox WHERE bucket = k.b::int2 AND event_id = k.id AND step >= 0 OFFSET 0) o ORDER BY k.n

-- name: leases_release_touches
-- class: cold
UPDATE whynow.touch SET due_at = $1 WHERE state = 'sending' AND due_at > $1

-- name: leases_release_outbox
-- class: cold
UPDATE whynow.outbox SET next_at = $1 WHERE state = 'leased' AND step < 0 AND next_at > $1

-- name: instances_alive
-- class: cold
SELECT count(*) FROM whynow.instance WHERE name <> $1 AND heartbeat_at > $2
