-- Outcomes, to whom they are credited, and the inbox of plain SQL and of feeds.

-- name: outcome_exists
-- class: cold
SELECT 1 FROM whynow.outcome WHERE outcome_key = $1 LIMIT 1

-- name: campaign_opening
-- class: hot
SELECT opening_account FROM whynow.campaign WHERE bucket = $1 AND campaign_id = $2

-- name: outcome_insert
-- class: rows
INSERT INTO whynow.outcome (bucket, account_id, outcome_key, contact_id, campaign_id, kind, occurred_at, stored_at, value_usd, cost_usd, source, note)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)/*end*/

-- name: outcome_credit_insert
-- class: rows
INSERT INTO whynow.outcome_credit (bucket, account_id, outcome_key, campaign_id, contact_id, campaign_bucket, step, reached, first, last)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)/*end*/

-- name: touch_of_event
-- class: cold
SELECT t.account_id, t.campaign_id, t.contact_id, t.step FROM whynow.touch t WHERE t.event_id = $1 ORDER BY t.attempts DESC LIMIT 1

-- name: outcome_inbox_new
-- class: local
SELECT inbox_id, kind, account, email, campaign, touch, occurred_at, value_usd, cost_usd, source, id, note, put_at
FROM whynow.outcome_inbox WHERE state = 'new' ORDER BY put_at, inbox_id LIMIT $1

-- name: outcome_inbox_done
-- class: local
UPDATE whynow.outcome_inbox SET state = $2, why = $3, done_at = $4 WHERE inbox_id = $1 AND state = 'new'

-- name: outcome_inbox_put
-- class: local
INSERT INTO whynow.outcome_inbox (inbox_id, kind, account, email, campaign, touch, occurred_at, value_usd, cost_usd, source, id, note, put_at)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)/*end*/ ON CONFLICT DO NOTHING RETURNING inbox_id

-- name: read_outcomes
-- class: cold
-- $1 campaign_id or NULL, $2 account_id or NULL, $3 limit
SELECT jsonb_build_object('outcome_key', o.outcome_key, 'outcome', o.kind, 'occurred_at', o.occurred_at, 'stored_at', o.stored_at,
	'account', coalesce(a.domain, a.name), 'account_id', o.account_id, 'contact_id', o.contact_id, 'contact', k.name, 'email', k.email,
	'value_usd', o.value_usd, 'cost_usd', o.cost_usd, 'source', o.source, 'note', o.note, 'campaign_id', x.campaign_id, 'segment', c.segment,
	'after_step', CASE WHEN x.step >= 0 THEN x.step + 1 END, 'reached', coalesce(x.reached, false), 'first_touch', coalesce(x.first, false),
	'last_touch', coalesce(x.last, false)) AS row
FROM whynow.outcome o JOIN whynow.account a ON a.bucket = o.bucket AND a.account_id = o.account_id
LEFT JOIN whynow.contact k ON k.bucket = o.bucket AND k.account_id = o.account_id AND k.contact_id = o.contact_id
LEFT JOIN whynow.outcome_credit x ON x.bucket = o.bucket AND x.account_id = o.account_id AND x.outcome_key = o.outcome_key
LEFT JOIN whynow.campaign c ON c.bucket = x.campaign_bucket AND c.campaign_id = x.campaign_id
WHERE ($1::uuid IS NULL OR x.campaign_id = $1::uuid) AND ($2::uuid IS NULL OR o.account_id = $2::uuid)
ORDER BY o.occurred_at DESC, o.outcome_key, x.campaign_id LIMIT $3

-- name: read_report
-- class: cold
-- $1 campaign_id or NULL, $2 segment or NULL, $3 by: campaign | segment | kind | feed. Costs of a campaign are shared by its members.
SELECT jsonb_build_object('of', k.of, 'campaigns', count(DISTINCT k.campaign_id), 'audience', count(*) FILTER (WHERE NOT k.holdout),
	'holdouts', count(*) FILTER (WHERE k.holdout), 'touched', count(*) FILTER (WHERE k.touches_sent > 0 AND NOT k.holdout),
	'achieved', count(*) FILTER (WHERE k.reached_at IS NOT NULL AND k.touches_sent > 0 AND NOT k.holdout),
	'reached', count(*) FILTER (WHERE k.reached_at IS NOT NULL AND NOT k.holdout),
	'holdouts_reached', count(*) FILTER (WHERE k.reached_at IS NOT NULL AND k.holdout), 'replied', count(*) FILTER (WHERE k.replied),
	'cost_usd', coalesce(sum(k.cost / k.members), 0), 'value_usd', coalesce(sum(o.value), 0), 'first_touch', coalesce(sum(o.first), 0),
	'last_touch', coalesce(sum(o.last), 0), 'sent', coalesce(sum(t.sent), 0), 'waiting', coalesce(sum(t.waiting), 0), 'unknown', coalesce(sum(t.unknown), 0),
	'failed', coalesce(sum(t.failed), 0), 'dropped', coalesce(sum(t.dropped), 0), 'expired', coalesce(sum(t.expired), 0),
	'cancelled', coalesce(sum(t.cancelled), 0),
	'published_to_seen_s', percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM s.observed_at - s.published_at)),
	'seen_to_open_s', percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM k.enrolled_at - s.observed_at)),
	'open_to_first_touch_s', percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM t.first_at - k.enrolled_at))) AS row
FROM (SELECT m.*, c.cost, c.members, CASE $3::text WHEN 'campaign' THEN c.campaign_id::text WHEN 'segment' THEN c.segment
		WHEN 'kind' THEN coalesce((SELECT s.kind FROM whynow.signal s WHERE s.signal_key = m.signal_key LIMIT 1), '?')
		ELSE coalesce((SELECT s.feed FROM whynow.signal s WHERE s.signal_key = m.signal_key LIMIT 1), '?') END AS of
	FROM whynow.member m JOIN whynow.campaign c ON c.bucket = m.campaign_bucket AND c.campaign_id = m.campaign_id
	WHERE NOT m.shadow AND c.opened_at IS NOT NULL AND ($1::uuid IS NULL OR c.campaign_id = $1::uuid) AND ($2::text IS NULL OR c.segment = $2::text)) k
LEFT JOIN LATERAL (SELECT s.published_at, s.observed_at FROM whynow.signal s WHERE s.signal_key = k.signal_key LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE x.first AND x.reached) AS first, count(*) FILTER (WHERE x.last AND x.reached) AS last,
		sum(o.value_usd) FILTER (WHERE x.last) AS value
	FROM whynow.outcome_credit x JOIN whynow.outcome o ON o.bucket = x.bucket AND o.account_id = x.account_id AND o.outcome_key = x.outcome_key
	WHERE x.bucket = k.bucket AND x.account_id = k.account_id AND x.campaign_id = k.campaign_id AND x.contact_id = k.contact_id) o ON true
LEFT JOIN LATERAL (SELECT min(t.sent_at) AS first_at, count(*) FILTER (WHERE t.state = 'sent') AS sent,
		count(*) FILTER (WHERE t.state IN ('planned', 'deferred', 'yielded', 'held', 'sending')) AS waiting, count(*) FILTER (WHERE t.state = 'unknown') AS unknown,
		count(*) FILTER (WHERE t.state = 'failed') AS failed, count(*) FILTER (WHERE t.state = 'dropped') AS dropped,
		count(*) FILTER (WHERE t.state = 'expired') AS expired, count(*) FILTER (WHERE t.state = 'cancelled') AS cancelled
	FROM whynow.touch t WHERE t.bucket = k.bucket AND t.account_id = k.account_id AND t.campaign_id = k.campaign_id AND t.contact_id = k.contact_id) t ON true
GROUP BY k.of ORDER BY count(*) DESC, k.of

-- name: lesson_insert
-- class: hot
INSERT INTO whynow.lesson (bucket, bucketed_by, campaign_id, at, by_whom, text)
SELECT bucket, group_id, campaign_id, $3, $4, $5 FROM whynow.campaign WHERE bucket = $1 AND campaign_id = $2

-- name: read_lessons
-- class: cold
-- $1 segment, $2 limit
SELECT jsonb_build_object('at', l.at, 'by', l.by_whom, 'text', l.text, 'campaign_id', l.campaign_id) AS row
FROM whynow.lesson l JOIN whynow.campaign c ON c.bucket = l.bucket AND c.campaign_id = l.campaign_id
WHERE c.segment = $1 ORDER BY l.at DESC LIMIT $2
