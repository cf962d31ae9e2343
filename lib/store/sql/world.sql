-- Campaigns, members, evidence, touches and what belongs to them: loading, locking, writing. Lock order: accounts (account.sql),
-- campaigns, member, touch, the rest; within a table by (bucket, key). Rows that are there, and locked by us, are written as the
-- insert that meets its own key: many in one statement, in a form that a distributed table takes too.

-- name: member_load
-- class: batch
SELECT k.n, m.campaign_id, m.contact_id, m.campaign_bucket, m.segment, m.version, m.shadow, m.holdout, m.left_why, m.enrolled_at, m.left_at, m.signal_key,
	m.heat, m.box_ends_at, m.stale_at, m.first_touch_by, m.blind_until, m.finishing_fit, m.replied_hold, m.due_at, m.touches_sent, m.replied, m.reached_at
FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.member WHERE bucket = k.b::int2 AND account_id = k.id OFFSET 0) m
ORDER BY k.n, m.campaign_id, m.contact_id

-- name: evidence_load
-- class: batch
SELECT k.n, e.campaign_id, e.contact_id, e.signal_key, e.kind, e.occurred_at, e.strength, e.publishers, e.half_life, e.hard_stop, e.clause, e.removed
FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.evidence WHERE bucket = k.b::int2 AND account_id = k.id OFFSET 0) e
ORDER BY k.n, e.campaign_id, e.contact_id, e.occurred_at DESC, e.signal_key

-- name: touch_load
-- class: batch
SELECT k.n, t.campaign_id, t.contact_id, t.step, t.channel, t.sink, t.state, t.reason, t.planned_at, t.due_at, t.valid_until, t.claimed_at, t.sent_at,
	t.attempts, t.token, t.event_id, t.variant, t.rendered_hash, t.said_subject, t.said_text
FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.touch WHERE bucket = k.b::int2 AND account_id = k.id OFFSET 0) t
ORDER BY k.n, t.campaign_id, t.contact_id, t.step

-- name: non_action_load
-- class: batch
SELECT k.n, a.segment, a.signal_key, a.reason, a.clause, a.detail, a.at
FROM unnest($1::int8[], $2::uuid[]) WITH ORDINALITY AS k (b, id, n)
CROSS JOIN LATERAL (SELECT * FROM whynow.non_action WHERE bucket = k.b::int2 AND account_id = k.id OFFSET 0) a
ORDER BY k.n, a.segment

-- name: campaign_of_groups
-- class: batch
SELECT c.bucket, c.campaign_id FROM unnest($1::int8[], $2::uuid[], $3::uuid[]) AS k (b, id, opening)
CROSS JOIN LATERAL (SELECT bucket, campaign_id FROM whynow.campaign WHERE bucket = k.b::int2 AND group_id = k.id
	AND (state IN ('proposed', 'open') OR opening_signal = k.opening) OFFSET 0) c

-- name: campaign_lock
-- class: hot
SELECT campaign_id, group_id, segment, version, group_values, opening_signal, opening_account, state, result, shadow, proposed_at, opened_at, intake_ends_at,
	max_ends_at, closed_at, live_until, live_members, audience, members, holdouts, touched, achieved, converted, due_at, gen, seal, reviewed_final, cost,
	holdout_achieved, goal_window, steps
FROM whynow.campaign WHERE bucket = $1 AND campaign_id = $2 FOR UPDATE

-- name: campaign_accounts
-- class: cold
SELECT DISTINCT account_id FROM whynow.member WHERE campaign_id = ANY ($1)

-- name: campaign_insert
-- class: rows
INSERT INTO whynow.campaign (bucket, campaign_id, group_id, segment, version, group_values, opening_signal, opening_account, state, result, shadow, proposed_at,
	opened_at, intake_ends_at, max_ends_at, closed_at, live_until, live_members, audience, members, holdouts, touched, achieved, converted, due_at, gen, seal,
	reviewed_final, cost, floor, goal_metric, goal_target, goal_window, holdout_achieved, steps)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29,
	$30, $31, $32, $33, $34, $35)/*end*/

-- name: campaign_update
-- class: rows
INSERT INTO whynow.campaign AS x (bucket, campaign_id, group_id, segment, version, group_values, opening_signal, opening_account, state, result, shadow, proposed_at,
	opened_at, intake_ends_at, max_ends_at, closed_at, live_until, live_members, audience, members, holdouts, touched, achieved, converted, due_at, gen, seal,
	reviewed_final, cost, floor, goal_metric, goal_target, goal_window, holdout_achieved, steps)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29,
	$30, $31, $32, $33, $34, $35)/*end*/
ON CONFLICT (bucket, campaign_id) DO UPDATE SET
	state = excluded.state, result = excluded.result, opened_at = excluded.opened_at, intake_ends_at = excluded.intake_ends_at,
	max_ends_at = excluded.max_ends_at, closed_at = excluded.closed_at, live_until = excluded.live_until, live_members = excluded.live_members,
	audience = excluded.audience, members = excluded.members, holdouts = excluded.holdouts, touched = excluded.touched, achieved = excluded.achieved,
	converted = excluded.converted, due_at = excluded.due_at, gen = excluded.gen, reviewed_final = excluded.reviewed_final, cost = excluded.cost,
	holdout_achieved = excluded.holdout_achieved, steps = excluded.steps
WHERE x.gen <= excluded.gen

-- name: member_insert
-- class: rows
INSERT INTO whynow.member (bucket, account_id, campaign_id, contact_id, campaign_bucket, segment, version, shadow, holdout, state, left_why, enrolled_at, left_at,
	signal_key, heat, box_ends_at, stale_at, first_touch_by, blind_until, finishing_fit, replied_hold, due_at, touches_sent, replied, reached_at)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)/*end*/

-- name: member_update
-- class: rows
INSERT INTO whynow.member (bucket, account_id, campaign_id, contact_id, campaign_bucket, segment, version, shadow, holdout, state, left_why, enrolled_at, left_at,
	signal_key, heat, box_ends_at, stale_at, first_touch_by, blind_until, finishing_fit, replied_hold, due_at, touches_sent, replied, reached_at)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)/*end*/
ON CONFLICT (bucket, account_id, campaign_id, contact_id) DO UPDATE SET
	state = excluded.state, left_why = excluded.left_why, left_at = excluded.left_at, heat = excluded.heat, box_ends_at = excluded.box_ends_at,
	stale_at = excluded.stale_at, first_touch_by = excluded.first_touch_by, blind_until = excluded.blind_until, finishing_fit = excluded.finishing_fit,
	replied_hold = excluded.replied_hold, due_at = excluded.due_at, touches_sent = excluded.touches_sent, replied = excluded.replied,
	reached_at = excluded.reached_at, signal_key = excluded.signal_key

-- name: evidence_insert
-- class: rows
INSERT INTO whynow.evidence (bucket, account_id, campaign_id, contact_id, signal_key, kind, occurred_at, strength, publishers, half_life, hard_stop, clause, removed)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)/*end*/

-- name: evidence_update
-- class: rows
INSERT INTO whynow.evidence (bucket, account_id, campaign_id, contact_id, signal_key, kind, occurred_at, strength, publishers, half_life, hard_stop, clause, removed)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)/*end*/
ON CONFLICT (bucket, account_id, campaign_id, contact_id, signal_key) DO UPDATE SET
	publishers = excluded.publishers, removed = excluded.removed

-- name: touch_insert
-- class: rows
INSERT INTO whynow.touch (bucket, account_id, campaign_id, contact_id, step, channel, sink, state, reason, planned_at, due_at, valid_until, claimed_at, sent_at,
	attempts, token, event_id, variant, rendered_hash, said_subject, said_text)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)/*end*/

-- name: touch_update
-- class: rows
INSERT INTO whynow.touch (bucket, account_id, campaign_id, contact_id, step, channel, sink, state, reason, planned_at, due_at, valid_until, claimed_at, sent_at,
	attempts, token, event_id, variant, rendered_hash, said_subject, said_text)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)/*end*/
ON CONFLICT (bucket, account_id, campaign_id, contact_id, step) DO UPDATE SET
	sink = excluded.sink, state = excluded.state, reason = excluded.reason, due_at = excluded.due_at, valid_until = excluded.valid_until,
	claimed_at = excluded.claimed_at, sent_at = excluded.sent_at, attempts = excluded.attempts, token = excluded.token, event_id = excluded.event_id,
	variant = excluded.variant, rendered_hash = excluded.rendered_hash, said_subject = excluded.said_subject, said_text = excluded.said_text

-- name: non_action_upsert
-- class: rows
INSERT INTO whynow.non_action (bucket, account_id, segment, signal_key, reason, clause, detail, at) VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8)/*end*/
ON CONFLICT (bucket, account_id, segment) DO UPDATE SET signal_key = excluded.signal_key, reason = excluded.reason, clause = excluded.clause,
	detail = excluded.detail, at = excluded.at

-- name: recheck_upsert
-- class: rows
INSERT INTO whynow.recheck (bucket, account_id, segment, signal_key, due_at) VALUES /*rows*/($1, $2, $3, $4, $5)/*end*/
ON CONFLICT (bucket, account_id, segment, signal_key) DO UPDATE SET due_at = excluded.due_at

-- name: recheck_delete
-- class: hot
DELETE FROM whynow.recheck WHERE bucket = $1 AND account_id = $2 AND segment = $3 AND signal_key = $4 AND due_at <= $5

-- name: history_insert
-- class: rows
INSERT INTO whynow.history (bucket, bucketed_by, subject_id, gen, on_day, at, subject, type, from_state, to_state, why, account_id, contact_id, step, event_id,
	sinks, data, actor, instance)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)/*end*/

-- name: outbox_insert
-- class: rows
INSERT INTO whynow.outbox (bucket, bucketed_by, event_id, sink, campaign_id, subject_id, gen, type, subject, at, payload, state, next_at, attempts, first_at,
	lease_token, account_id, contact_id, step)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)/*end*/

-- name: outbox_touch
-- class: hot
UPDATE whynow.outbox SET state = $3, next_at = $4, attempts = $5, lease_token = $6, done_at = $7, last_error = $8
WHERE bucket = $1 AND event_id = $2 AND step >= 0

-- name: review_insert
-- class: rows
INSERT INTO whynow.review (bucket, bucketed_by, campaign_id, final, at, metric, target, audience, touched, achieved, rate, low, high, verdict,
	holdouts, holdout_achieved, cost_usd)
VALUES /*rows*/($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)/*end*/
ON CONFLICT DO NOTHING

-- name: subject_next
-- class: hot
INSERT INTO whynow.subject_counter AS c (bucket, subject_id, subject, name, gen) VALUES ($1, $2, $3, $4, 1)
ON CONFLICT (bucket, subject_id) DO UPDATE SET gen = c.gen + 1 RETURNING gen
