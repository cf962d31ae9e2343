-- Reference tables: kinds, traits, feeds, sinks, segments, pauses. Small; written rarely. class: cold

-- name: kind_upsert
INSERT INTO whynow.kind AS t (name, definition, checksum, enabled, changed_at) VALUES /*rows*/($1, $2, $3, $4, $5)/*end*/
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, checksum = excluded.checksum, enabled = excluded.enabled, changed_at = excluded.changed_at
WHERE (t.checksum, t.enabled) IS DISTINCT FROM (excluded.checksum, excluded.enabled)

-- name: trait_upsert
INSERT INTO whynow.trait AS t (name, definition, checksum, enabled, changed_at) VALUES /*rows*/($1, $2, $3, $4, $5)/*end*/
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, checksum = excluded.checksum, enabled = excluded.enabled, changed_at = excluded.changed_at
WHERE (t.checksum, t.enabled) IS DISTINCT FROM (excluded.checksum, excluded.enabled)

-- name: feed_upsert
INSERT INTO whynow.feed AS t (name, definition, checksum, enabled, changed_at) VALUES /*rows*/($1, $2, $3, $4, $5)/*end*/
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, checksum = excluded.checksum, enabled = excluded.enabled, changed_at = excluded.changed_at
WHERE (t.checksum, t.enabled) IS DISTINCT FROM (excluded.checksum, excluded.enabled)

-- name: sink_upsert
INSERT INTO whynow.sink AS t (name, definition, checksum, enabled, changed_at) VALUES /*rows*/($1, $2, $3, $4, $5)/*end*/
ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, checksum = excluded.checksum, enabled = excluded.enabled, changed_at = excluded.changed_at,
	off_at = CASE WHEN t.checksum = excluded.checksum THEN t.off_at END, off_why = CASE WHEN t.checksum = excluded.checksum THEN t.off_why END
WHERE (t.checksum, t.enabled) IS DISTINCT FROM (excluded.checksum, excluded.enabled)

-- name: sink_off
UPDATE whynow.sink SET off_at = $2, off_why = $3 WHERE name = $1 AND off_at IS NULL

-- name: sink_on
UPDATE whynow.sink SET off_at = NULL, off_why = NULL WHERE name = $1 AND off_at IS NOT NULL

-- name: sinks_off
SELECT name FROM whynow.sink WHERE off_at IS NOT NULL ORDER BY name

-- name: kind_disable
UPDATE whynow.kind SET enabled = false, changed_at = $2 WHERE enabled AND name <> ALL ($1::text[])

-- name: trait_disable
UPDATE whynow.trait SET enabled = false, changed_at = $2 WHERE enabled AND name <> ALL ($1::text[])

-- name: feed_disable
UPDATE whynow.feed SET enabled = false, changed_at = $2 WHERE enabled AND name <> ALL ($1::text[])

-- name: sink_disable
UPDATE whynow.sink SET enabled = false, changed_at = $2 WHERE enabled AND name <> ALL ($1::text[])

-- name: kind_list
SELECT name, definition, checksum, enabled FROM whynow.kind ORDER BY name

-- name: trait_list
SELECT name, definition, checksum, enabled FROM whynow.trait ORDER BY name

-- name: feed_list
SELECT name, definition, checksum, enabled FROM whynow.feed ORDER BY name

-- name: sink_list
SELECT name, definition, checksum, enabled FROM whynow.sink ORDER BY name

-- name: segment_newest
SELECT version, source, status, coalesce(definition = $2::jsonb, true) FROM whynow.segment_version WHERE name = $1 ORDER BY version DESC LIMIT 1

-- name: segment_insert
INSERT INTO whynow.segment_version (name, version, source, definition, published_at, published_by) VALUES ($1, $2, $3, $4, $5, $6)

-- name: segment_ensure
INSERT INTO whynow.segment (name) VALUES ($1) ON CONFLICT (name) DO UPDATE SET withdrawn_at = NULL, withdrawn_by = NULL

-- name: segments_all
WITH alive AS (SELECT DISTINCT segment AS name, version FROM whynow.campaign WHERE state <> 'closed'
		UNION SELECT segment, version FROM whynow.campaign WHERE due_at < 'infinity'
		UNION SELECT c.segment, (x.one ->> 0)::int FROM whynow.campaign c CROSS JOIN LATERAL jsonb_array_elements(c.steps) AS x (one)
			WHERE c.state <> 'closed' AND c.steps IS NOT NULL),
	one AS (SELECT name, version, status, published_at,
			max(CASE WHEN status = 'valid' THEN version END) OVER (PARTITION BY name ORDER BY version ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS good FROM whynow.segment_version)
SELECT v.name, v.version, v.status, v.published_at, g.withdrawn_at IS NOT NULL, g.paused_at IS NOT NULL, a.version IS NOT NULL
FROM one v
LEFT JOIN whynow.segment g ON g.name = v.name
LEFT JOIN alive a ON a.name = v.name AND a.version = v.version
WHERE a.version IS NOT NULL OR (v.status <> 'invalid' AND v.version >= coalesce(v.good, 0))
ORDER BY v.name, v.version

-- name: segments_new
SELECT v.name, v.version, v.status, v.published_at, g.withdrawn_at IS NOT NULL, g.paused_at IS NOT NULL, v.status = 'valid' AND v.published_at > $1
FROM (SELECT name FROM whynow.segment_version WHERE published_at > $1 UNION SELECT unnest($2::text[])) AS n (name)
JOIN whynow.segment_version v ON v.name = n.name
LEFT JOIN whynow.segment g ON g.name = v.name
WHERE v.status <> 'invalid' AND (v.published_at > $1
	OR v.version >= coalesce((SELECT max(x.version) FROM whynow.segment_version x WHERE x.name = v.name AND x.status = 'valid'), 0))
ORDER BY v.name, v.version

-- name: segment_sources
SELECT k.n, v.source FROM unnest($1::text[], $2::int8[]) WITH ORDINALITY AS k (name, version, n)
JOIN whynow.segment_version v ON v.name = k.name AND v.version = k.version

-- name: segment_flags
SELECT name, withdrawn_at IS NOT NULL, paused_at IS NOT NULL FROM whynow.segment WHERE withdrawn_at IS NOT NULL OR paused_at IS NOT NULL ORDER BY name

-- name: segment_count
SELECT count(*) FROM whynow.segment_version WHERE published_at <= $1

-- name: segments_valid
UPDATE whynow.segment_version v SET status = 'valid', error = NULL, checked_at = $3 FROM unnest($1::text[], $2::int8[]) AS k (name, version)
WHERE v.name = k.name AND v.version = k.version AND v.status <> 'valid'

-- name: segment_mark
UPDATE whynow.segment_version SET status = $3, error = $4, checked_at = $5 WHERE name = $1 AND version = $2 AND status <> $3

-- name: segment_withdraw
INSERT INTO whynow.segment (name, withdrawn_at, withdrawn_by) SELECT $1::text, $2::timestamptz, $3::text
WHERE EXISTS (SELECT 1 FROM whynow.segment_version WHERE name = $1::text)
ON CONFLICT (name) DO UPDATE SET withdrawn_at = excluded.withdrawn_at, withdrawn_by = excluded.withdrawn_by

-- name: segment_pause
INSERT INTO whynow.segment (name, paused_at, paused_by) SELECT $1::text, $2::timestamptz, $3::text
WHERE EXISTS (SELECT 1 FROM whynow.segment_version WHERE name = $1::text)
ON CONFLICT (name) DO UPDATE SET paused_at = excluded.paused_at, paused_by = excluded.paused_by

-- name: pause_all
INSERT INTO whynow.pause (scope, paused_at, paused_by) VALUES ('', $1, $2) ON CONFLICT (scope) DO NOTHING

-- name: resume_all
DELETE FROM whynow.pause WHERE scope = ''

-- name: pause_read
SELECT count(*) FROM whynow.pause WHERE scope = ''

-- name: sequence_list
SELECT name, version, definition::text, published_at FROM whynow.sequence ORDER BY name, version

-- name: sequence_newest
SELECT version, definition = $2::jsonb FROM whynow.sequence WHERE name = $1 ORDER BY version DESC LIMIT 1

-- name: sequence_insert
INSERT INTO whynow.sequence (name, version, definition, published_at) VALUES ($1, $2, $3, $4)

-- name: recheck_since
INSERT INTO whynow.recheck (bucket, account_id, segment, signal_key, due_at)
SELECT s.bucket, s.account_id, $1::text, s.signal_key,
	$2::timestamptz + row_number() OVER (ORDER BY s.stored_at, s.account_id, s.occurred_at, s.signal_key) * interval '1 microsecond'
FROM whynow.signal s WHERE s.occurred_at >= $3::timestamptz AND s.kind = ANY ($4::text[]) AND NOT s.retracted AND NOT s.history
ON CONFLICT (bucket, account_id, segment, signal_key) DO UPDATE SET due_at = excluded.due_at

-- name: fx_upsert
INSERT INTO whynow.fx_rate AS t (day, currency, usd) VALUES /*rows*/($1, $2, $3)/*end*/
ON CONFLICT (day, currency) DO UPDATE SET usd = excluded.usd WHERE t.usd <> excluded.usd

-- name: fx_find
SELECT k.n, r.usd FROM unnest($1::text[], $2::int8[]) WITH ORDINALITY AS k (currency, days, n)
CROSS JOIN LATERAL (SELECT f.usd FROM whynow.fx_rate f WHERE f.currency = k.currency AND f.day <= date '1970-01-01' + k.days::int4
	AND f.day > date '1970-01-01' + (k.days - 8)::int4 ORDER BY f.day DESC LIMIT 1) r
