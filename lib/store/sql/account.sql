-- Accounts, aliases, contacts, suppression. Locks are single rows, taken in the order (bucket, id).

-- name: account_lock
-- class: hot
SELECT account_id, domain, name, state, merged_into, merged_from, known_since, traits
FROM whynow.account WHERE bucket = $1 AND account_id = $2 FOR NO KEY UPDATE

-- name: account_scan
-- class: cold
-- $1 bucket, $2 account_id of the last one seen, $3 limit
SELECT account_id, domain, name, state, merged_into, merged_from, known_since, traits
FROM whynow.account WHERE (bucket, account_id) > ($1::int, $2::uuid) AND state <> 'merged' ORDER BY bucket, account_id LIMIT $3

-- name: account_insert
-- class: rows
INSERT INTO whynow.account (bucket, account_id, domain, name, name_key, state, known_since) VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7)/*end*/
ON CONFLICT DO NOTHING RETURNING account_id

-- name: account_copy
-- class: cold
COPY whynow.account (bucket, account_id, domain, name, name_key, state, known_since, traits) FROM STDIN (FORMAT binary)

-- name: alias_copy
-- class: cold
COPY whynow.account_alias (bucket, alias_id, kind, alias, account_id, source, at) FROM STDIN (FORMAT binary)

-- name: account_update
-- class: hot
UPDATE whynow.account SET domain = $3, name = $4, name_key = $5, state = $6, merged_into = $7, merged_from = $8, traits = $9
WHERE bucket = $1 AND account_id = $2

-- name: account_peek
-- class: batch
SELECT a.account_id, a.state, a.merged_into FROM unnest($1::int8[], $2::uuid[]) AS k (b, id)
CROSS JOIN LATERAL (SELECT account_id, state, merged_into FROM whynow.account WHERE bucket = k.b::int2 AND account_id = k.id OFFSET 0) a

-- name: alias_insert
-- class: rows
INSERT INTO whynow.account_alias (bucket, alias_id, kind, alias, account_id, source, at) VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7)/*end*/
ON CONFLICT DO NOTHING

-- name: alias_lookup
-- class: batch
SELECT k.n, a.account_id, a.source = 'review' FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT account_id, source FROM whynow.account_alias WHERE bucket = k.b::int2 AND alias_id = k.id ORDER BY account_id LIMIT 64) a

-- name: account_details
-- class: batch
-- What tells accounts of one name apart.
SELECT a.account_id, a.domain, a.name, a.traits #>> '{country,v}', a.traits #>> '{parent,v}' FROM unnest($1::int8[], $2::uuid[]) AS k (b, id)
CROSS JOIN LATERAL (SELECT account_id, domain, name, traits FROM whynow.account WHERE bucket = k.b::int2 AND account_id = k.id OFFSET 0) a

-- name: near_lookup
-- class: batch
-- Pieces that very many names share say nothing: a name among them is not looked for.
SELECT k.n, a.name FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT name FROM whynow.name_near WHERE bucket = k.b::int2 AND near_id = k.id LIMIT 200) a

-- name: near_exists
-- class: batch
SELECT k.n FROM unnest($1::int8[], $2::uuid[], $3::text[]) WITH ORDINALITY AS k (b, id, name, n)
CROSS JOIN LATERAL (SELECT FROM whynow.name_near WHERE bucket = k.b::int2 AND near_id = k.id AND name = k.name OFFSET 0) a

-- name: near_copy
-- class: cold
COPY whynow.name_near (bucket, near_id, name) FROM STDIN (FORMAT binary)

-- name: near_insert
-- class: rows
INSERT INTO whynow.name_near (bucket, near_id, name) VALUES /*rows*/($1, $2, $3)/*end*/ ON CONFLICT DO NOTHING

-- name: alias_move
-- class: cold
INSERT INTO whynow.account_alias (bucket, alias_id, kind, alias, account_id, source, at)
SELECT bucket, alias_id, kind, alias, $2::uuid, 'merge', $3::timestamptz FROM whynow.account_alias WHERE account_id = $1::uuid
ON CONFLICT DO NOTHING

-- name: alias_drop
-- class: cold
DELETE FROM whynow.account_alias WHERE account_id = $1

-- name: aliases_of
-- class: cold
SELECT kind, alias FROM whynow.account_alias WHERE account_id = $1 ORDER BY kind, alias

-- name: alias_learn
-- class: hot
INSERT INTO whynow.account_alias (bucket, alias_id, kind, alias, account_id, source, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (bucket, alias_id, account_id) DO UPDATE SET source = excluded.source, at = excluded.at

-- name: alias_unlearn
-- class: hot
UPDATE whynow.account_alias SET source = 'answered before' WHERE bucket = $1 AND alias_id = $2 AND account_id <> $3 AND source = 'review'

-- name: alias_give_back
-- class: cold
DELETE FROM whynow.account_alias WHERE account_id = $1 AND source = 'merge' AND alias_id = ANY ($2::uuid[])

-- name: merge_told
-- class: cold
SELECT data FROM whynow.history WHERE type = 'account.merged' AND data ->> 'from' = $1::text ORDER BY at DESC LIMIT 1

-- name: account_merged_into
-- class: cold
SELECT merged_into FROM whynow.account WHERE account_id = $1

-- name: account_names_like
-- class: cold
SELECT account_id, coalesce(domain, name), public.similarity(name_key, $1::text)::float8 FROM whynow.account
WHERE state <> 'merged' AND name_key OPERATOR(public.%) $1::text ORDER BY 3 DESC, 1 LIMIT 5

-- name: trgm_exists
-- class: cold
SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'

-- name: account_review_insert
-- class: rows
INSERT INTO whynow.account_review (bucket, review_id, feed, item, name, domain, email, why, candidates, sighting, at, name_key)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)/*end*/ ON CONFLICT DO NOTHING RETURNING review_id

-- name: review_load
-- class: cold
-- One that waits; or with it all of its name that name no domain.
SELECT review_id, feed, item, name, domain, email, name_key, sighting FROM whynow.account_review r WHERE resolved_at IS NULL AND (review_id = $1 OR ($2 AND domain IS NULL
	AND name_key = (SELECT x.name_key FROM whynow.account_review x WHERE x.review_id = $1 AND x.domain IS NULL))) ORDER BY at, review_id LIMIT 400

-- name: review_close
-- class: hot
UPDATE whynow.account_review SET resolved_at = $3, account_id = $4, verdict = $5, by_whom = $6 WHERE bucket = $1 AND review_id = $2 AND resolved_at IS NULL

-- name: account_review_candidates
-- class: hot
UPDATE whynow.account_review SET candidates = $3 WHERE bucket = $1 AND review_id = $2

-- name: contact_load
-- class: batch
SELECT k.n, c.contact_id, c.email, c.name, c.position, c.department, c.level, c.time_zone, c.subject, c.departed, c.erased, c.traits
FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.contact WHERE bucket = k.b::int2 AND account_id = k.id ORDER BY contact_id LIMIT 5000) c
ORDER BY k.n, c.contact_id

-- name: contact_insert
-- class: rows
INSERT INTO whynow.contact (bucket, account_id, contact_id, email, name, position, department, level, time_zone, subject, departed, erased, traits, since,
	consent)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)/*end*/

-- name: contact_update
-- class: hot
UPDATE whynow.contact SET email = $4, name = $5, position = $6, department = $7, level = $8, time_zone = $9, subject = $10, departed = $11,
	erased = $12, traits = $13, consent = coalesce($14, consent)
WHERE bucket = $1 AND account_id = $2 AND contact_id = $3

-- name: contact_accounts
-- class: cold
SELECT DISTINCT account_id FROM whynow.contact WHERE contact_id = $1 OR email = $2 ORDER BY 1

-- name: contact_accounts_of_domain
-- class: cold
SELECT DISTINCT account_id FROM whynow.contact WHERE right(email, length($1::text) + 1) IN ('@' || $1::text, '.' || $1::text) ORDER BY 1

-- name: suppression_load
-- class: batch
SELECT s.key, s.what, s.reason FROM unnest($1::int8[], $2::bytea[]) AS k (b, id)
CROSS JOIN LATERAL (SELECT key, what, reason FROM whynow.suppression WHERE bucket = k.b::int2 AND key = k.id AND since <= $3::timestamptz
	AND until > $3::timestamptz OFFSET 0) s

-- name: suppression_set
-- class: hot
INSERT INTO whynow.suppression AS s (bucket, key, what, reason, since, until, by_whom) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (bucket, key) DO UPDATE SET reason = excluded.reason, since = least(s.since, excluded.since), until = excluded.until, by_whom = excluded.by_whom
WHERE s.reason <> 'erased'

-- name: suppression_lift
-- class: hot
UPDATE whynow.suppression SET until = $3 WHERE bucket = $1 AND key = $2 AND until > $3 AND reason <> 'erased'

-- name: fact_change_insert
-- class: rows
INSERT INTO whynow.fact_change (bucket, account_id, contact_id, trait, at, on_day, old, new, source)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9)/*end*/
ON CONFLICT (bucket, account_id, contact_id, trait, at, on_day) DO UPDATE SET new = excluded.new, source = excluded.source
