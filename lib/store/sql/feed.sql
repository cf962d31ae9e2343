-- Feeds' state, gaps, leases, instances. All local tables. class: local

-- name: feed_states
SELECT name, version, etag, last_modified, cursor, url, next_at, why, last_at, last_good_at, good_since, first_done, blind_since, last_status, last_error,
	worth, failures, gone, polls, failed, items, stored, duplicate, edited, review, rejected, filtered, signals, bytes, extra,
	seen_at, came, due
FROM whynow.feed_state WHERE $1::text[] IS NULL OR name = ANY ($1::text[]) ORDER BY name

-- name: feed_move
UPDATE whynow.feed_state s SET version = v.version + 1, etag = v.etag, last_modified = v.last_modified, cursor = v.cursor, url = v.url, next_at = v.next_at,
	why = v.why, last_at = v.last_at, last_good_at = v.last_good_at, good_since = v.good_since, first_done = v.first_done, blind_since = v.blind_since,
	last_status = v.last_status, last_error = v.last_error, worth = v.worth, failures = v.failures, gone = v.gone, polls = s.polls + v.polls,
	failed = s.failed + v.failed, items = s.items + v.items, stored = s.stored + v.stored, duplicate = s.duplicate + v.duplicate,
	edited = s.edited + v.edited, review = s.review + v.review, rejected = s.rejected + v.rejected, filtered = s.filtered + v.filtered,
	signals = s.signals + v.signals, bytes = s.bytes + v.bytes, extra = v.extra, counted = v.version + 1,
	seen_at = v.seen_at, came = v.came, due = v.due
FROM (VALUES /*rows*/($1::text, $2::int8, $3::bytea, $4::bytea, $5::text, $6::text, $7::timestamptz, $8::text, $9::timestamptz, $10::timestamptz,
	$11::timestamptz, $12::bool, $13::timestamptz, $14::int, $15::text, $16::float8, $17::int, $18::int, $19::int8, $20::int8, $21::int8, $22::int8,
	$23::int8, $24::int8, $25::int8, $26::int8, $27::int8, $28::int8, $29::int8, $30::jsonb, $31::timestamptz, $32::float8,
	$33::float8)/*end*/) AS v (name, version, etag, last_modified,
	cursor, url, next_at, why, last_at, last_good_at, good_since, first_done, blind_since, last_status, last_error, worth, failures, gone, polls,
	failed, items, stored, duplicate, edited, review, rejected, filtered, signals, bytes, extra, seen_at, came, due)
WHERE s.name = v.name AND s.version = v.version

-- name: feed_moves_plan
-- For feed_move_unchanged: a plan that knows the length of its arrays reads the whole table instead of each row by its key.
SET LOCAL plan_cache_mode = force_generic_plan

-- name: feed_move_unchanged
-- One element a feed: $1 name, $2 version, $3 next_at, $4 why, $5 last_at, $6 status, $7 items, $8 filtered, $9 bytes, $10 came, $11 due.
-- Only the texts are unnested: of the others the element at a place is found at once.
UPDATE whynow.feed_state s SET version = $2[v.i] + 1, next_at = $3[v.i], why = v.why, last_at = $5[v.i], last_good_at = $5[v.i], last_status = $6[v.i],
	last_error = NULL, failures = 0, gone = 0, polls = s.polls + 1, items = s.items + $7[v.i], duplicate = s.duplicate + $7[v.i] - $8[v.i],
	filtered = s.filtered + $8[v.i], bytes = s.bytes + $9[v.i], seen_at = $5[v.i], came = $10[v.i], due = $11[v.i]
FROM unnest($1::text[], $4::text[]) WITH ORDINALITY AS v (name, why, i)
WHERE s.name = v.name AND s.version = $2[v.i]

-- name: feed_start
INSERT INTO whynow.feed_state (name, version, next_at) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING

-- name: feed_poll_insert
INSERT INTO whynow.feed_poll (feed, version, at, result, status, items, stored, duplicate, edited, review, rejected, filtered, signals, bytes)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)/*end*/

-- name: feed_poll_prune
-- One element a feed: $1 name, $2 the newest version that goes
DELETE FROM whynow.feed_poll p USING unnest($1::text[], $2::int8[]) AS v (feed, version) WHERE p.feed = v.feed AND p.version <= v.version

-- name: gap_open
INSERT INTO whynow.feed_gap (feed, kind, from_at, why) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING

-- name: gap_close
UPDATE whynow.feed_gap SET to_at = greatest(from_at, $2) WHERE feed = $1 AND to_at IS NULL

-- name: gap_list
SELECT feed, kind, why, from_at, to_at FROM whynow.feed_gap ORDER BY feed, from_at

-- name: lease_take
INSERT INTO whynow.lease AS l (kind, name, owner, until) VALUES ($1, $2, $3, $4)
ON CONFLICT (kind, name) DO UPDATE SET owner = excluded.owner, until = excluded.until
WHERE l.owner = excluded.owner OR l.until <= $5 OR l.until > $6 RETURNING owner

-- name: lease_drop
DELETE FROM whynow.lease WHERE kind = $1 AND owner = $3 AND ($2::text IS NULL OR name = $2::text)

-- name: heartbeat
INSERT INTO whynow.instance (name, started_at, heartbeat_at, status) VALUES ($1, $2, $2, $3)
ON CONFLICT (name) DO UPDATE SET heartbeat_at = excluded.heartbeat_at, status = excluded.status
