-- Further reads (wn_store_read) and what finds ids by what people type. Columns by name. class: cold

-- name: read_campaign_touches
SELECT * FROM whynow.v_touch WHERE campaign_id = $1 ORDER BY account, contact, step

-- name: read_account_contacts
SELECT contact_id, email, name, position, department, level, time_zone, consent, subject, departed, erased, traits, since FROM whynow.contact
WHERE account_id = $1 ORDER BY level DESC, name

-- name: read_account_aliases
SELECT kind, alias, source, at FROM whynow.account_alias WHERE account_id = $1 ORDER BY kind, alias

-- name: read_account_sightings
SELECT signal_key, feed, publisher, source_named, headline, url, occurred_at, published_at, observed_at, span FROM whynow.sighting
WHERE account_id = $1 ORDER BY observed_at DESC LIMIT $2

-- name: read_signal
SELECT * FROM whynow.v_signal WHERE signal_key = $1

-- name: read_signal_sightings
SELECT feed, item, publisher, source_named, headline, url, occurred_at, published_at, observed_at, span FROM whynow.sighting WHERE signal_key = $1
ORDER BY observed_at

-- name: read_rejects
SELECT feed, item, reason, detail, excerpt, first_at, last_at, times FROM whynow.item_reject WHERE ($1::text IS NULL OR feed = $1::text)
ORDER BY last_at DESC LIMIT $2

-- name: read_suppressions
SELECT what, reason, count(*) AS entries FROM whynow.suppression WHERE until > now() GROUP BY what, reason ORDER BY what, reason

-- name: read_unknown_rates
SELECT n.segment, n.clause, count(*) AS accounts, count(*)::float8 / greatest(1, (SELECT count(*) FROM whynow.account WHERE state <> 'merged')) AS share
FROM whynow.non_action n WHERE n.reason = 'unknown' GROUP BY n.segment, n.clause ORDER BY 3 DESC, 1, 2

-- name: read_gaps
SELECT feed, kind, from_at, to_at, why FROM whynow.feed_gap ORDER BY from_at DESC

-- name: read_migrations
SELECT version, name, applied_at FROM whynow.schema_version ORDER BY version

-- name: find_campaigns
SELECT campaign_id, bucket, opening_account, segment FROM whynow.campaign WHERE campaign_id >= $1 AND campaign_id <= $2 ORDER BY campaign_id LIMIT 6

-- name: find_accounts
SELECT account_id, bucket, account_id, coalesce(domain, name) FROM whynow.account WHERE account_id >= $1 AND account_id <= $2 ORDER BY account_id LIMIT 6

-- name: find_contacts
SELECT contact_id, bucket, account_id, coalesce(name, email) FROM whynow.contact WHERE contact_id >= $1 AND contact_id <= $2 ORDER BY contact_id, account_id LIMIT 6

-- name: find_signals
SELECT signal_key, bucket, account_id, kind FROM whynow.signal WHERE signal_key >= $1 AND signal_key <= $2 ORDER BY signal_key LIMIT 6

-- name: find_contacts_by_address
SELECT contact_id, bucket, account_id, coalesce(name, email) FROM whynow.contact WHERE email = $1 ORDER BY account_id LIMIT 6

-- name: find_accounts_by_text
SELECT account_id, bucket, account_id, coalesce(domain, name) FROM whynow.account
WHERE state <> 'merged' AND (domain = $1 OR name_key = $2 OR lower(name) = lower($1)) ORDER BY domain = $1 DESC NULLS LAST, account_id LIMIT 6

-- name: read_backtest_count
SELECT count(DISTINCT account_id) FROM whynow.signal WHERE stored_at >= $1::timestamptz AND stored_at <= $2::timestamptz
	AND received_on >= ($1::timestamptz - interval '2 days')::date AND kind = ANY ($3::text[]) AND NOT retracted

-- name: read_backtest_accounts
SELECT DISTINCT account_id FROM whynow.signal WHERE stored_at >= $1::timestamptz AND stored_at <= $2::timestamptz
	AND received_on >= ($1::timestamptz - interval '2 days')::date AND kind = ANY ($3::text[]) AND NOT retracted
	AND account_id > $4::uuid ORDER BY account_id LIMIT $5
