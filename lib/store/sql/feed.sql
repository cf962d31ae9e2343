-- Feeds' state, gaps, leases, instances. All local tables. class: local

-- name: feed_states
SELECT name, version, etag, last_modified, cursor, url, next_at, why, last_at, last_good_at, good_since, first_done, blind_since, last_status, last_error,
	rate_at, rate, weight, worth, failures, gone, polls, failed, items, stored, duplicate, edited, review, rejected, filtered, signals, bytes, extra
FROM whynow.feed_state WHERE $1::text[] IS NULL OR name = ANY ($1::text[]) ORDER BY name

-- name: feed_move
UPDATE whynow.feed_state SET version = $2 + 1, etag = $3, last_modified = $4, cursor = $5, url = $6, next_at = $7, why = $8, last_at = $9, last_good_at = $10,
	good_since = $11, first_done = $12, blind_since = $13, last_status = $14, last_error = $15, rate_at = $16, rate = $17, weight = $18, worth = $19,
	failures = $20, gone = $21, polls = polls + $22, failed = failed + $23, items = items + $24, stored = stored + $25, duplicate = duplicate + $26,
	edited = edited + $27, review = review + $28, rejected = rejected + $29, filtered = filtered + $30, signals = signals + $31, bytes = bytes + $32, extra = $33
WHERE name = $1 AND version = $2

-- name: feed_start
INSERT INTO whynow.feed_state (name, version, next_at) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING

-- name: feed_poll_insert
INSERT INTO whynow.feed_poll (feed, version, at, result, status, items, stored, duplicate, edited, review, rejected, filtered, signals, bytes)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)

-- name: feed_poll_prune
DELETE FROM whynow.feed_poll WHERE feed = $1 AND version <= $2

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
