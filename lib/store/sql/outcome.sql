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
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING

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
