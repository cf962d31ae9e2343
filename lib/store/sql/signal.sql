-- Signals, sightings, seen keys, rejects.

-- name: seen_lookup
-- class: batch
SELECT k.n, s.account_id, s.content, s.last_on FROM unnest($1::int8[], $2::bytea[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT account_id, content, last_on FROM whynow.seen WHERE bucket = k.b::int2 AND sighting_key = k.id OFFSET 0) s

-- name: seen_insert
-- class: rows
INSERT INTO whynow.seen (bucket, sighting_key, account_id, content, feed, last_on) VALUES /*rows*/($1, $2, $3, $4, $5, $6)/*end*/
ON CONFLICT DO NOTHING RETURNING sighting_key

-- name: seen_again
-- class: hot
UPDATE whynow.seen SET content = $3, last_on = $4 WHERE bucket = $1 AND sighting_key = $2

-- name: signal_load
-- class: batch
SELECT k.n, s.account_id, s.signal_key, s.received_on, s.kind, s.occurred_at, s.published_at, s.observed_at, s.stored_at, s.strength, s.half_life,
	s.hard_stop, s.publishers, s.publisher_list, s.attrs, s.conflicts, s.headline, s.url, s.span, s.feed, s.contact_id, s.history, s.retracted
FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.signal WHERE bucket = k.b::int2 AND account_id = k.id ORDER BY occurred_at DESC LIMIT $3) s

-- name: signal_same
-- class: batch
-- A signal is not received before it occurred, so months before the span need no look; nor those to come.
SELECT k.n, s.account_id, s.signal_key, s.received_on, s.kind, s.occurred_at, s.published_at, s.observed_at, s.stored_at, s.strength, s.half_life,
	s.hard_stop, s.publishers, s.publisher_list, s.attrs, s.conflicts, s.headline, s.url, s.span, s.feed, s.contact_id, s.history, s.retracted
FROM unnest($1::int8[], $2::uuid[], $3::text[], $4::int8[], $5::int8[]) WITH ORDINALITY AS k (b, id, kind, from_s, to_s, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.signal WHERE bucket = k.b::int2 AND account_id = k.id AND kind = k.kind
	AND occurred_at >= to_timestamp(k.from_s) AND occurred_at <= to_timestamp(k.to_s)
	AND received_on >= (to_timestamp(k.from_s) AT TIME ZONE 'UTC')::date - 1 AND received_on <= $6 ORDER BY occurred_at DESC LIMIT 500) s

-- name: signal_of_sighting
-- class: batch
SELECT k.n, s.signal_key FROM unnest($1::int8[], $2::uuid[], $3::bytea[]) WITH ORDINALITY AS k (b, id, sighting, n)
CROSS JOIN LATERAL (SELECT signal_key FROM whynow.sighting WHERE bucket = k.b::int2 AND account_id = k.id AND sighting_key = k.sighting LIMIT 1) s

-- name: signal_by_key
-- class: batch
SELECT k.n, s.account_id, s.signal_key, s.received_on, s.kind, s.occurred_at, s.published_at, s.observed_at, s.stored_at, s.strength, s.half_life,
	s.hard_stop, s.publishers, s.publisher_list, s.attrs, s.conflicts, s.headline, s.url, s.span, s.feed, s.contact_id, s.history, s.retracted
FROM unnest($1::int8[], $2::uuid[], $3::uuid[]) WITH ORDINALITY AS k (b, id, key, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.signal WHERE bucket = k.b::int2 AND account_id = k.id AND signal_key = k.key LIMIT 1) s

-- name: signal_insert
-- class: rows
INSERT INTO whynow.signal (bucket, account_id, signal_key, received_on, kind, occurred_at, published_at, observed_at, stored_at, strength, half_life, hard_stop,
	publishers, publisher_list, attrs, conflicts, headline, url, span, feed, contact_id, history, retracted)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)/*end*/
ON CONFLICT DO NOTHING

-- name: signal_update
-- class: hot
UPDATE whynow.signal SET publishers = $5, publisher_list = $6, attrs = $7, conflicts = $8, retracted = $9, headline = $10, url = $11, occurred_at = $12,
	hard_stop = $13, contact_id = $14, retracted_why = coalesce($15, retracted_why)
WHERE bucket = $1 AND account_id = $2 AND signal_key = $3 AND received_on = $4

-- name: sighting_insert
-- class: rows
INSERT INTO whynow.sighting (bucket, account_id, sighting_key, received_on, signal_key, feed, item, publisher, source_named, url, headline, occurred_at,
	published_at, observed_at, span, link, confidence, link_evidence)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)/*end*/
ON CONFLICT DO NOTHING

-- name: sighting_update
-- class: hot
UPDATE whynow.sighting SET url = $4, headline = $5, occurred_at = $6, published_at = $7, span = $8
WHERE bucket = $1 AND account_id = $2 AND sighting_key = $3

-- name: seen_move
-- class: cold
-- What comes again of these items belongs to the account to which their signal was moved.
UPDATE whynow.seen s SET account_id = $5 FROM whynow.sighting t WHERE t.bucket = $1 AND t.account_id = $2 AND t.signal_key = $3
AND s.bucket = ((get_byte(t.sighting_key, 0) << 8 | get_byte(t.sighting_key, 1)) & 1023) AND s.sighting_key = t.sighting_key AND $4::int2 >= 0

-- name: sighting_move
-- class: cold
UPDATE whynow.sighting SET bucket = $4, account_id = $5, signal_key = $6 WHERE bucket = $1 AND account_id = $2 AND signal_key = $3

-- name: reject_insert
-- class: rows
INSERT INTO whynow.item_reject AS r (bucket, reject_id, feed, item, reason, detail, excerpt, first_at, last_at)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $8)/*end*/
ON CONFLICT (bucket, reject_id) DO UPDATE SET last_at = excluded.last_at, times = r.times + 1, detail = excluded.detail

-- name: seen_prune
-- class: cold
WITH old AS (SELECT bucket, sighting_key FROM whynow.seen WHERE last_on < $1::date LIMIT $2),
	gone AS (DELETE FROM whynow.seen s USING old WHERE s.bucket = old.bucket AND s.sighting_key = old.sighting_key RETURNING s.feed)
UPDATE whynow.feed_state f SET pruned = f.pruned + g.n FROM (SELECT feed, count(*) AS n FROM gone GROUP BY feed) g WHERE f.name = g.feed

-- name: reject_prune
-- class: cold
DELETE FROM whynow.item_reject r USING (SELECT bucket, reject_id FROM whynow.item_reject WHERE last_at < $1 ORDER BY last_at LIMIT $2) o
WHERE r.bucket = o.bucket AND r.reject_id = o.reject_id

-- name: signal_retracted_why
-- class: cold
UPDATE whynow.signal SET retracted_why = $4 WHERE bucket = $1 AND account_id = $2 AND signal_key = $3
