-- Reads for people: what the command line shows. Each gives one column, `row`: one JSON object a line, whose members are the
-- public names of `--json`. Times are members that end in _at, _until or _since, spans are seconds and end in _s. Nothing here
-- asks the server for the time: heat and freshness are computed by who shows them, from the numbers given.

-- name: read_clock
-- class: cold
SELECT clock_timestamp() AS now

-- name: read_account
-- class: cold
-- $1 account_id, $2 bucket
SELECT jsonb_build_object('account_id', a.account_id, 'domain', a.domain, 'name', a.name, 'state', a.state, 'known_since', a.known_since,
	'traits', a.traits, 'merged_from', a.merged_from,
	'aliases', (SELECT coalesce(jsonb_agg(DISTINCT x.alias), '[]') FROM whynow.account_alias x WHERE x.account_id = a.account_id),
	'contacts', (SELECT count(*) FROM whynow.contact k WHERE k.bucket = a.bucket AND k.account_id = a.account_id AND NOT k.erased)) AS row
FROM whynow.account a WHERE a.bucket = $2 AND a.account_id = $1

-- name: read_account_members
-- class: cold
-- $1 account_id, $2 bucket, $3 ids and $4 buckets of the account and those merged into it, $5 limit
SELECT jsonb_build_object('campaign_id', m.campaign_id, 'segment', m.segment, 'version', m.version, 'description', v.definition ->> 'description',
	'exit', v.definition ->> 'exit', 'nurture', v.definition ->> 'nurture', 'state', m.state, 'left_why', m.left_why, 'shadow', m.shadow, 'holdout', m.holdout, 'enrolled_at', m.enrolled_at, 'left_at', m.left_at,
	'stale_at', m.stale_at, 'box_ends_at', m.box_ends_at, 'first_touch_by_at', m.first_touch_by, 'blind_until', m.blind_until,
	'touches_sent', m.touches_sent, 'signal_key', m.signal_key, 'floor', c.floor, 'campaign_state', c.state,
	'result', nullif(c.result, 'none'), 'opened_at', c.opened_at, 'proposed_at', c.proposed_at, 'closed_at', c.closed_at,
	'intake_ends_at', c.intake_ends_at, 'max_ends_at', c.max_ends_at, 'campaign_due_at', c.due_at, 'goal_metric', c.goal_metric,
	'goal_target', c.goal_target, 'live_members', c.live_members, 'members', c.members,
	'contact_id', nullif(m.contact_id, '00000000-0000-0000-0000-000000000000'), 'contact', k.name, 'email', k.email, 'position', k.position,
	'evidence', (SELECT coalesce(jsonb_agg(jsonb_build_object('signal_key', e.signal_key, 'kind', e.kind, 'occurred_at', e.occurred_at,
			'strength', e.strength, 'publishers', e.publishers, 'half_life_s', extract(epoch FROM e.half_life), 'hard_stop_at', e.hard_stop,
			'clause', e.clause, 'removed', e.removed, 'retracted', s.retracted, 'headline', s.headline, 'url', s.url, 'span', s.span, 'feed', s.feed,
			'attrs', s.attrs, 'publisher_list', s.publisher_list, 'observed_at', s.observed_at) ORDER BY e.occurred_at DESC, e.signal_key), '[]')
		FROM whynow.evidence e LEFT JOIN LATERAL (SELECT s.* FROM unnest($4::int8[], $3::uuid[]) AS w (b, id) CROSS JOIN LATERAL
			(SELECT * FROM whynow.signal WHERE bucket = w.b::int2 AND account_id = w.id AND signal_key = e.signal_key LIMIT 1) s LIMIT 1) s ON true
		WHERE e.bucket = m.bucket AND e.account_id = m.account_id AND e.campaign_id = m.campaign_id AND e.contact_id = m.contact_id),
	'touches', (SELECT coalesce(jsonb_agg(jsonb_build_object('step', t.step + 1, 'channel', t.channel, 'sink', t.sink, 'state', t.state,
			'reason', t.reason, 'planned_at', t.planned_at, 'due_at', t.due_at, 'valid_until', t.valid_until, 'sent_at', t.sent_at,
			'attempts', t.attempts, 'variant', t.variant) ORDER BY t.step), '[]')
		FROM whynow.touch t
		WHERE t.bucket = m.bucket AND t.account_id = m.account_id AND t.campaign_id = m.campaign_id AND t.contact_id = m.contact_id)) AS row
FROM whynow.member m
LEFT JOIN whynow.campaign c ON c.bucket = m.campaign_bucket AND c.campaign_id = m.campaign_id
LEFT JOIN whynow.segment_version v ON v.name = m.segment AND v.version = m.version
LEFT JOIN whynow.contact k ON k.bucket = m.bucket AND k.account_id = m.account_id AND k.contact_id = m.contact_id
WHERE m.bucket = $2 AND m.account_id = $1
ORDER BY m.state = 'left', m.enrolled_at DESC, m.campaign_id, m.contact_id LIMIT $5

-- name: read_account_non_actions
-- class: cold
-- $1 account_id, $2 bucket, $3 limit
SELECT jsonb_build_object('segment', n.segment, 'reason', n.reason, 'clause', n.clause, 'detail', n.detail, 'signal_key', n.signal_key, 'at', n.at) AS row
FROM whynow.non_action n WHERE n.bucket = $2 AND n.account_id = $1 ORDER BY n.at DESC, n.segment LIMIT $3

-- name: read_account_signals
-- class: cold
-- $1 ids, $2 buckets (of the account and those merged into it), $3 limit
SELECT jsonb_build_object('signal_key', s.signal_key, 'kind', s.kind, 'occurred_at', s.occurred_at, 'published_at', s.published_at,
	'observed_at', s.observed_at, 'stored_at', s.stored_at, 'strength', s.strength, 'half_life_s', extract(epoch FROM s.half_life),
	'hard_stop_at', s.hard_stop, 'publishers', s.publishers, 'publisher_list', s.publisher_list, 'attrs', s.attrs, 'headline', s.headline,
	'url', s.url, 'span', s.span, 'feed', s.feed, 'history', s.history, 'retracted', s.retracted) AS row
FROM unnest($2::int8[], $1::uuid[]) AS k (b, id) CROSS JOIN LATERAL
	(SELECT * FROM whynow.signal WHERE bucket = k.b::int2 AND account_id = k.id ORDER BY occurred_at DESC, signal_key LIMIT $3) s
ORDER BY s.occurred_at DESC, s.signal_key LIMIT $3

-- name: read_account_rechecks
-- class: cold
-- $1 account_id, $2 bucket
SELECT jsonb_build_object('segment', r.segment, 'signal_key', r.signal_key, 'due_at', r.due_at) AS row
FROM whynow.recheck r WHERE r.bucket = $2 AND r.account_id = $1 ORDER BY r.due_at LIMIT 20

-- name: read_signals
-- class: cold
-- $1 kind or NULL, $2 stored at or after, $3 limit, $4 with retracted ones
SELECT jsonb_build_object('signal_key', s.signal_key, 'account', coalesce(a.domain, a.name), 'account_id', s.account_id, 'kind', s.kind,
	'occurred_at', s.occurred_at, 'stored_at', s.stored_at, 'strength', s.strength, 'half_life_s', extract(epoch FROM s.half_life),
	'hard_stop_at', s.hard_stop, 'publishers', s.publishers, 'attrs', s.attrs, 'headline', s.headline, 'url', s.url, 'feed', s.feed,
	'history', s.history, 'retracted', s.retracted) AS row
FROM whynow.signal s LEFT JOIN whynow.account a ON a.bucket = s.bucket AND a.account_id = s.account_id
WHERE ($1::text IS NULL OR s.kind = $1::text) AND s.received_on >= ($2::timestamptz)::date - 1 AND s.stored_at >= $2::timestamptz
AND ($4::bool OR NOT s.retracted) ORDER BY s.stored_at DESC, s.signal_key LIMIT $3

-- name: read_campaigns
-- class: cold
-- $1 segment or NULL, $2 with closed ones, $3 limit
SELECT jsonb_build_object('campaign_id', c.campaign_id, 'segment', c.segment, 'version', c.version, 'state', c.state,
	'result', nullif(c.result, 'none'), 'shadow', c.shadow, 'opened_for', coalesce(a.domain, a.name), 'group_values', c.group_values,
	'proposed_at', c.proposed_at, 'opened_at', c.opened_at, 'intake_ends_at', c.intake_ends_at, 'live_until', c.live_until,
	'max_ends_at', c.max_ends_at, 'closed_at', c.closed_at, 'live_members', c.live_members, 'members', c.members, 'holdouts', c.holdouts,
	'touched', c.touched, 'achieved', c.achieved, 'goal_metric', c.goal_metric, 'goal_target', c.goal_target) AS row
FROM whynow.campaign c LEFT JOIN whynow.account a ON a.account_id = c.opening_account
WHERE ($1::text IS NULL OR c.segment = $1::text) AND ($2::bool OR c.state <> 'closed')
ORDER BY c.state = 'closed', c.closed_at DESC NULLS FIRST, c.live_until NULLS FIRST, c.campaign_id LIMIT $3

-- name: read_campaign
-- class: cold
-- $1 campaign_id, $2 bucket
SELECT jsonb_build_object('campaign_id', c.campaign_id, 'segment', c.segment, 'version', c.version, 'description', v.definition ->> 'description',
	'owner', v.definition ->> 'owner', 'state', c.state, 'result', nullif(c.result, 'none'), 'shadow', c.shadow,
	'opened_for', coalesce(a.domain, a.name), 'group_values', c.group_values, 'proposed_at', c.proposed_at, 'opened_at', c.opened_at,
	'intake_ends_at', c.intake_ends_at, 'live_until', c.live_until, 'max_ends_at', c.max_ends_at, 'closed_at', c.closed_at,
	'live_members', c.live_members, 'audience', c.audience, 'members', c.members, 'holdouts', c.holdouts, 'touched', c.touched,
	'achieved', c.achieved, 'converted', c.converted, 'floor', c.floor, 'goal_metric', c.goal_metric, 'goal_target', c.goal_target,
	'goal_window_s', extract(epoch FROM c.goal_window), 'cost_usd', c.cost, 'gen', c.gen) AS row
FROM whynow.campaign c LEFT JOIN whynow.account a ON a.account_id = c.opening_account
LEFT JOIN whynow.segment_version v ON v.name = c.segment AND v.version = c.version
WHERE c.bucket = $2 AND c.campaign_id = $1

-- name: read_campaign_members
-- class: cold
-- $1 campaign_id, $2 limit
SELECT jsonb_build_object('account', coalesce(a.domain, a.name), 'account_id', m.account_id, 'contact', k.name, 'email', k.email,
	'contact_id', nullif(m.contact_id, '00000000-0000-0000-0000-000000000000'), 'position', k.position, 'state', m.state, 'left_why', m.left_why,
	'holdout', m.holdout, 'enrolled_at', m.enrolled_at, 'left_at', m.left_at, 'stale_at', m.stale_at, 'box_ends_at', m.box_ends_at,
	'touches_sent', m.touches_sent,
	'evidence', (SELECT coalesce(jsonb_agg(jsonb_build_object('signal_key', e.signal_key, 'kind', e.kind, 'occurred_at', e.occurred_at,
			'strength', e.strength, 'publishers', e.publishers, 'half_life_s', extract(epoch FROM e.half_life), 'hard_stop_at', e.hard_stop,
			'clause', e.clause, 'removed', e.removed) ORDER BY e.occurred_at DESC, e.signal_key), '[]')
		FROM whynow.evidence e
		WHERE e.bucket = m.bucket AND e.account_id = m.account_id AND e.campaign_id = m.campaign_id AND e.contact_id = m.contact_id)) AS row
FROM whynow.member m JOIN whynow.account a ON a.bucket = m.bucket AND a.account_id = m.account_id
LEFT JOIN whynow.contact k ON k.bucket = m.bucket AND k.account_id = m.account_id AND k.contact_id = m.contact_id
WHERE m.campaign_id = $1 ORDER BY m.state = 'left', least(m.stale_at, m.box_ends_at), a.account_id, m.contact_id LIMIT $2

-- name: read_campaign_export
-- class: cold
-- $1 campaign_id or NULL, $2 segment or NULL, $3 with closed ones and shadows
SELECT jsonb_build_object('segment', m.segment, 'campaign_id', m.campaign_id, 'campaign_state', c.state, 'account', coalesce(a.domain, a.name),
	'account_id', m.account_id, 'contact', k.name, 'email', k.email, 'position', k.position, 'state', m.state, 'left_why', m.left_why,
	'holdout', m.holdout, 'enrolled_at', m.enrolled_at, 'left_at', m.left_at, 'box_ends_at', m.box_ends_at, 'stale_at', m.stale_at,
	'why', s.kind, 'headline', s.headline, 'url', s.url, 'attrs', s.attrs, 'evidence', e.n, 'touches_sent', m.touches_sent,
	'touches_waiting', t.waiting, 'last_touch_at', t.last_at, 'replied', m.replied, 'reached_at', m.reached_at) AS row
FROM whynow.member m JOIN whynow.campaign c ON c.bucket = m.campaign_bucket AND c.campaign_id = m.campaign_id
JOIN whynow.account a ON a.bucket = m.bucket AND a.account_id = m.account_id
LEFT JOIN whynow.contact k ON k.bucket = m.bucket AND k.account_id = m.account_id AND k.contact_id = m.contact_id
LEFT JOIN LATERAL (SELECT s.kind, s.headline, s.url, s.attrs FROM whynow.signal s WHERE s.signal_key = m.signal_key LIMIT 1) s ON true
LEFT JOIN LATERAL (SELECT count(*) AS n FROM whynow.evidence e WHERE e.bucket = m.bucket AND e.account_id = m.account_id
	AND e.campaign_id = m.campaign_id AND e.contact_id = m.contact_id AND NOT e.removed) e ON true
LEFT JOIN LATERAL (SELECT max(t.sent_at) AS last_at, count(*) FILTER (WHERE t.state IN ('planned', 'deferred', 'yielded', 'held', 'sending')) AS waiting
	FROM whynow.touch t WHERE t.bucket = m.bucket AND t.account_id = m.account_id AND t.campaign_id = m.campaign_id
	AND t.contact_id = m.contact_id) t ON true
WHERE ($1::uuid IS NULL OR m.campaign_id = $1::uuid) AND ($2::text IS NULL OR m.segment = $2::text)
AND ($3::bool OR (c.state <> 'closed' AND NOT m.shadow)) ORDER BY m.segment, m.enrolled_at, m.campaign_id, m.account_id, m.contact_id

-- name: read_campaign_history
-- class: cold
-- $1 campaign_id, $2 bucket, $3 limit (the newest)
SELECT row FROM (SELECT h.gen AS n, jsonb_build_object('gen', h.gen, 'at', h.at, 'subject', h.subject, 'type', h.type, 'from', h.from_state,
	'to', h.to_state, 'why', h.why, 'account', coalesce(a.domain, a.name), 'contact', coalesce(k.name, k.email), 'step', h.step + 1,
	'actor', h.actor, 'event_id', h.event_id, 'sinks', h.sinks, 'data', h.data) AS row
	FROM whynow.history h LEFT JOIN whynow.account a ON a.account_id = h.account_id
	LEFT JOIN whynow.contact k ON k.account_id = h.account_id AND k.contact_id = h.contact_id
	WHERE h.bucket = $2 AND h.subject_id = $1 ORDER BY h.gen DESC LIMIT $3) x ORDER BY n

-- name: read_campaign_reviews
-- class: cold
-- $1 campaign_id
SELECT jsonb_build_object('final', r.final, 'at', r.at, 'metric', r.metric, 'target', r.target, 'audience', r.audience, 'touched', r.touched,
	'achieved', r.achieved, 'rate', r.rate, 'low', r.low, 'high', r.high, 'verdict', r.verdict) AS row
FROM whynow.review r WHERE r.campaign_id = $1 ORDER BY r.final

-- name: read_touches
-- class: cold
-- $1 segment, $2 campaign_id, $3 account_id, each or NULL; $4 with final ones, $5 limit
SELECT jsonb_build_object('campaign_id', t.campaign_id, 'segment', m.segment, 'account', coalesce(a.domain, a.name), 'account_id', t.account_id,
	'contact', k.name, 'email', k.email, 'contact_id', nullif(t.contact_id, '00000000-0000-0000-0000-000000000000'), 'step', t.step + 1,
	'channel', t.channel, 'sink', t.sink, 'state', t.state, 'reason', t.reason, 'planned_at', t.planned_at, 'due_at', t.due_at,
	'valid_until', t.valid_until, 'claimed_at', t.claimed_at, 'sent_at', t.sent_at, 'attempts', t.attempts, 'variant', t.variant,
	'event_id', t.event_id, 'member_state', m.state, 'left_why', m.left_why) AS row
FROM whynow.touch t
JOIN whynow.member m ON m.bucket = t.bucket AND m.account_id = t.account_id AND m.campaign_id = t.campaign_id AND m.contact_id = t.contact_id
JOIN whynow.account a ON a.bucket = t.bucket AND a.account_id = t.account_id
LEFT JOIN whynow.contact k ON k.bucket = t.bucket AND k.account_id = t.account_id AND k.contact_id = t.contact_id
WHERE ($1::text IS NULL OR m.segment = $1::text) AND ($2::uuid IS NULL OR t.campaign_id = $2::uuid)
AND ($3::uuid IS NULL OR t.account_id = $3::uuid)
AND ($4::bool OR t.state IN ('planned', 'deferred', 'yielded', 'held', 'sending'))
ORDER BY CASE WHEN t.state IN ('planned', 'deferred', 'yielded', 'held', 'sending') THEN 0 ELSE 1 END, t.due_at, t.campaign_id, t.account_id,
	t.contact_id, t.step LIMIT $5

-- name: read_segments
-- class: cold
-- $1 with withdrawn ones
SELECT jsonb_build_object('segment', v.name, 'version', v.version, 'status', v.status, 'error', v.error, 'published_at', v.published_at,
	'published_by', v.published_by, 'withdrawn_at', g.withdrawn_at, 'paused_at', g.paused_at, 'mode', v.definition ->> 'mode',
	'description', v.definition ->> 'description', 'owner', v.definition ->> 'owner',
	'in_force', (SELECT max(x.version) FROM whynow.segment_version x WHERE x.name = v.name AND x.status = 'valid'),
	'campaigns', (SELECT count(*) FROM whynow.campaign c WHERE c.segment = v.name AND c.state <> 'closed'),
	'live_members', (SELECT coalesce(sum(c.live_members), 0) FROM whynow.campaign c WHERE c.segment = v.name AND c.state <> 'closed'),
	'opened', (SELECT count(*) FROM whynow.campaign c WHERE c.segment = v.name AND c.opened_at IS NOT NULL)) AS row
FROM whynow.segment_version v LEFT JOIN whynow.segment g ON g.name = v.name
WHERE v.version = (SELECT max(x.version) FROM whynow.segment_version x WHERE x.name = v.name) AND ($1::bool OR g.withdrawn_at IS NULL)
ORDER BY v.name

-- name: read_segment
-- class: cold
-- $1 name, $2 version (0: the newest)
SELECT jsonb_build_object('segment', v.name, 'version', v.version, 'source', v.source, 'definition', v.definition, 'status', v.status,
	'error', v.error, 'published_at', v.published_at, 'published_by', v.published_by, 'withdrawn_at', g.withdrawn_at,
	'withdrawn_by', g.withdrawn_by, 'paused_at', g.paused_at, 'paused_by', g.paused_by,
	'versions', (SELECT count(*) FROM whynow.segment_version x WHERE x.name = v.name),
	'in_force', (SELECT max(x.version) FROM whynow.segment_version x WHERE x.name = v.name AND x.status = 'valid'),
	'reviews', (SELECT coalesce(jsonb_object_agg(r.verdict, r.n), '{}') FROM (SELECT r.verdict, count(*) AS n FROM whynow.review r
		JOIN whynow.campaign c ON c.bucket = r.bucket AND c.campaign_id = r.campaign_id WHERE c.segment = v.name AND r.final GROUP BY r.verdict) r)) AS row
FROM whynow.segment_version v LEFT JOIN whynow.segment g ON g.name = v.name
WHERE v.name = $1 AND ($2::int = 0 OR v.version = $2::int) ORDER BY v.version DESC LIMIT 1

-- name: read_segment_names
-- class: cold
SELECT name FROM whynow.segment ORDER BY name

-- name: read_segment_non_actions
-- class: cold
-- $1 segment
SELECT jsonb_build_object('reason', n.reason, 'clause', CASE WHEN n.reason = 'unknown' THEN n.clause END, 'accounts', count(*), 'newest_at', max(n.at)) AS row
FROM whynow.non_action n WHERE n.segment = $1 GROUP BY n.reason, CASE WHEN n.reason = 'unknown' THEN n.clause END ORDER BY count(*) DESC LIMIT 20

-- name: read_feeds
-- class: cold
-- $1 with those no file has any more
SELECT jsonb_build_object('feed', f.name, 'enabled', f.enabled, 'url', f.definition ->> 'url', 'next_at', s.next_at, 'why', s.why,
	'last_at', s.last_at, 'last_good_at', s.last_good_at, 'blind_since', s.blind_since, 'last_status', s.last_status,
	'last_error', s.last_error, 'failures', s.failures, 'polls', s.polls, 'failed', s.failed, 'items', s.items, 'stored', s.stored,
	'duplicate', s.duplicate, 'edited', s.edited, 'review', s.review, 'rejected', s.rejected, 'filtered', s.filtered,
	'signals', s.signals, 'bytes', s.bytes) AS row
FROM whynow.feed f LEFT JOIN whynow.feed_state s ON s.name = f.name WHERE f.enabled OR $1::bool ORDER BY f.name

-- name: read_feed
-- class: cold
-- $1 name
SELECT jsonb_build_object('feed', f.name, 'enabled', f.enabled, 'definition', f.definition, 'changed_at', f.changed_at, 'next_at', s.next_at,
	'why', s.why, 'last_at', s.last_at, 'last_good_at', s.last_good_at, 'good_since', s.good_since, 'blind_since', s.blind_since,
	'last_status', s.last_status, 'last_error', s.last_error, 'failures', s.failures, 'polls', s.polls, 'failed', s.failed,
	'items', s.items, 'stored', s.stored, 'duplicate', s.duplicate, 'edited', s.edited, 'review', s.review, 'rejected', s.rejected,
	'filtered', s.filtered, 'signals', s.signals, 'bytes', s.bytes, 'learned_url', s.url, 'cursor', s.cursor, 'unchanged', s.version - s.counted) AS row
FROM whynow.feed f LEFT JOIN whynow.feed_state s ON s.name = f.name WHERE f.name = $1

-- name: read_feed_polls
-- class: cold
-- $1 name, $2 limit
SELECT jsonb_build_object('at', p.at, 'result', p.result, 'status', p.status, 'items', p.items, 'stored', p.stored, 'duplicate', p.duplicate,
	'edited', p.edited, 'review', p.review, 'rejected', p.rejected, 'filtered', p.filtered, 'signals', p.signals, 'bytes', p.bytes) AS row
FROM whynow.feed_poll p WHERE p.feed = $1 ORDER BY p.version DESC LIMIT $2

-- name: read_feed_rejects
-- class: cold
-- $1 name, $2 limit
SELECT jsonb_build_object('item', r.item, 'reason', r.reason, 'detail', r.detail, 'excerpt', r.excerpt, 'first_at', r.first_at,
	'last_at', r.last_at, 'times', r.times) AS row
FROM whynow.item_reject r WHERE r.feed = $1 ORDER BY r.last_at DESC, r.reject_id LIMIT $2

-- name: read_feed_gaps
-- class: cold
-- $1 name, $2 limit
SELECT jsonb_build_object('kind', nullif(g.kind, ''), 'from_at', g.from_at, 'to_at', g.to_at, 'why', g.why) AS row
FROM whynow.feed_gap g WHERE g.feed = $1 ORDER BY g.from_at DESC LIMIT $2

-- name: read_counts
-- class: cold
-- $1 now
SELECT jsonb_build_object(
	'feeds', (SELECT count(*) FROM whynow.feed WHERE enabled),
	'feeds_blind', (SELECT count(*) FROM whynow.feed_state s JOIN whynow.feed f ON f.name = s.name AND f.enabled WHERE s.blind_since IS NOT NULL),
	'feeds_failing', (SELECT count(*) FROM whynow.feed_state s JOIN whynow.feed f ON f.name = s.name AND f.enabled WHERE s.failures > 0),
	'feeds_overdue', (SELECT count(*) FROM whynow.feed_state s JOIN whynow.feed f ON f.name = s.name AND f.enabled
		WHERE s.next_at < $1::timestamptz - '10 minutes'::interval),
	'kinds', (SELECT count(*) FROM whynow.kind WHERE enabled),
	'sinks', (SELECT count(*) FROM whynow.sink WHERE enabled),
	'accounts', (SELECT count(*) FROM whynow.account WHERE state <> 'merged'),
	'reviews_open', (SELECT count(*) FROM whynow.account_review WHERE resolved_at IS NULL),
	'segments', (SELECT count(DISTINCT v.name) FROM whynow.segment_version v LEFT JOIN whynow.segment g ON g.name = v.name
		WHERE v.status <> 'invalid' AND g.withdrawn_at IS NULL),
	'segments_invalid', (SELECT count(*) FROM whynow.v_segment WHERE status = 'invalid' AND withdrawn_at IS NULL),
	'segments_paused', (SELECT count(*) FROM whynow.segment WHERE paused_at IS NOT NULL AND withdrawn_at IS NULL),
	'paused', (SELECT count(*) > 0 FROM whynow.pause),
	'campaigns_proposed', (SELECT count(*) FROM whynow.campaign WHERE state = 'proposed' AND NOT shadow),
	'campaigns_open', (SELECT count(*) FROM whynow.campaign WHERE state = 'open' AND NOT shadow),
	'campaigns_finishing', (SELECT count(*) FROM whynow.campaign WHERE state = 'finishing' AND NOT shadow),
	'campaigns_shadow', (SELECT count(*) FROM whynow.campaign WHERE state <> 'closed' AND shadow),
	'members_live', (SELECT count(*) FROM whynow.member WHERE state = 'live' AND NOT shadow),
	'members_overdue', (SELECT count(*) FROM whynow.member WHERE state = 'live' AND due_at < $1::timestamptz - '1 minute'::interval),
	'campaigns_overdue', (SELECT count(*) FROM whynow.campaign WHERE due_at < $1::timestamptz - '1 minute'::interval),
	'touches_waiting', (SELECT count(*) FROM whynow.touch WHERE state IN ('planned', 'deferred', 'yielded', 'sending')),
	'touches_held', (SELECT count(*) FROM whynow.touch WHERE state = 'held'),
	'outbox_waiting', (SELECT count(*) FROM whynow.outbox WHERE state IN ('pending', 'leased')),
	'outbox_dead', (SELECT count(*) FROM whynow.outbox WHERE state = 'dead'),
	'signals_today', (SELECT count(*) FROM whynow.signal WHERE received_on >= ($1::timestamptz AT TIME ZONE 'UTC')::date),
	'next_member_at', (SELECT min(due_at) FROM whynow.member WHERE state = 'live'),
	'next_campaign_at', (SELECT min(due_at) FROM whynow.campaign WHERE due_at < 'infinity'),
	'next_touch_at', (SELECT min(due_at) FROM whynow.touch WHERE state IN ('planned', 'deferred', 'yielded', 'held', 'sending')),
	'next_recheck_at', (SELECT min(due_at) FROM whynow.recheck),
	'next_poll_at', (SELECT min(s.next_at) FROM whynow.feed_state s JOIN whynow.feed f ON f.name = s.name AND f.enabled)) AS row

-- name: read_next_members
-- class: cold
-- $1 limit: who ends next
SELECT jsonb_build_object('account', coalesce(a.domain, a.name), 'contact', coalesce(k.name, k.email), 'segment', m.segment, 'campaign_id', m.campaign_id,
	'stale_at', m.stale_at, 'box_ends_at', m.box_ends_at, 'ends_at', least(m.stale_at, m.box_ends_at)) AS row
FROM whynow.member m JOIN whynow.account a ON a.bucket = m.bucket AND a.account_id = m.account_id
LEFT JOIN whynow.contact k ON k.bucket = m.bucket AND k.account_id = m.account_id AND k.contact_id = m.contact_id
WHERE m.state = 'live' AND NOT m.shadow ORDER BY least(m.stale_at, m.box_ends_at), m.account_id, m.contact_id LIMIT $1

-- name: read_instances
-- class: cold
SELECT jsonb_build_object('instance', i.name, 'started_at', i.started_at, 'heartbeat_at', i.heartbeat_at) AS row
FROM whynow.instance i ORDER BY i.heartbeat_at DESC LIMIT 20

-- name: read_sinks
-- class: cold
-- $1 all: also those that no file has any more. Touches are in the list of touches, not here
SELECT jsonb_build_object('sink', s.name, 'kind', s.definition ->> 'kind', 'enabled', s.enabled, 'off_at', s.off_at, 'off_why', s.off_why, 'waiting', o.waiting,
	'dead', o.dead, 'delivered', o.delivered, 'delivered_at', o.delivered_at, 'next_at', o.next_at,
	'retrying', o.retrying, 'last_error', (SELECT x.last_error FROM whynow.outbox x WHERE x.sink = s.name AND x.step < 0 AND x.last_error IS NOT NULL
		AND x.state IN ('pending', 'leased', 'dead') ORDER BY coalesce(x.done_at, x.next_at) DESC LIMIT 1)) AS row
FROM whynow.sink s CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE x.state IN ('pending', 'leased')) AS waiting, count(*) FILTER (WHERE x.state = 'dead') AS dead,
	count(*) FILTER (WHERE x.state = 'delivered') AS delivered, max(x.done_at) FILTER (WHERE x.state = 'delivered') AS delivered_at,
	min(x.next_at) FILTER (WHERE x.state = 'pending') AS next_at, count(*) FILTER (WHERE x.state IN ('pending', 'leased') AND x.attempts > 0) AS retrying
	FROM whynow.outbox x WHERE x.sink = s.name AND x.step < 0) o
WHERE s.enabled OR $1::boolean ORDER BY s.name

-- name: read_dead_letters
-- class: cold
-- $1 sink, $2 at most: newest first
SELECT jsonb_build_object('event_id', o.event_id, 'type', o.type, 'campaign_id', o.campaign_id, 'segment', c.segment, 'at', o.at, 'attempts', o.attempts,
	'error', o.last_error, 'dead_at', o.done_at) AS row
FROM whynow.outbox o LEFT JOIN whynow.campaign c ON c.bucket = o.bucket AND c.campaign_id = o.campaign_id
WHERE o.state = 'dead' AND o.step < 0 AND o.sink = $1 ORDER BY o.done_at DESC LIMIT $2

-- name: read_outbox_troubles
-- class: cold
-- $1 now: sinks with dead letters, or with rows that failed and wait
SELECT jsonb_build_object('sink', o.sink, 'waiting', count(*) FILTER (WHERE o.state IN ('pending', 'leased')),
	'retrying', count(*) FILTER (WHERE o.state IN ('pending', 'leased') AND o.attempts > 0), 'dead', count(*) FILTER (WHERE o.state = 'dead'),
	'oldest_at', min(o.at) FILTER (WHERE o.state IN ('pending', 'leased')), 'next_at', min(o.next_at) FILTER (WHERE o.state = 'pending'),
	'error', (array_agg(o.last_error ORDER BY o.at DESC) FILTER (WHERE o.last_error IS NOT NULL))[1]) AS row
FROM whynow.outbox o WHERE o.state IN ('pending', 'leased', 'dead') AND o.next_at < 'infinity' OR o.state = 'dead' GROUP BY o.sink
HAVING count(*) FILTER (WHERE o.state = 'dead') > 0 OR count(*) FILTER (WHERE o.attempts > 0) > 0
	OR min(o.at) FILTER (WHERE o.state IN ('pending', 'leased')) < $1::timestamptz - '5 minutes'::interval ORDER BY o.sink

-- name: read_suppression
-- class: cold
-- $1 bucket, $2 key
SELECT jsonb_build_object('what', what, 'reason', reason, 'since_at', since, 'until', nullif(until, 'infinity'), 'by', by_whom) AS row
FROM whynow.suppression WHERE bucket = $1 AND key = $2

-- name: read_campaign_neighbours
-- class: cold
-- $1 ids: of each the ids next to it, for the shortest unique prefix
SELECT k.id, (SELECT c.campaign_id FROM whynow.campaign c WHERE c.campaign_id < k.id ORDER BY c.campaign_id DESC LIMIT 1) AS before,
	(SELECT c.campaign_id FROM whynow.campaign c WHERE c.campaign_id > k.id ORDER BY c.campaign_id LIMIT 1) AS after
FROM unnest($1::uuid[]) AS k (id)

-- name: read_signal_detail
-- class: cold
-- $1 signal_key, $2 account_id, $3 bucket
SELECT jsonb_build_object('signal_key', s.signal_key, 'account', coalesce(a.domain, a.name), 'account_id', s.account_id, 'kind', s.kind,
	'occurred_at', s.occurred_at, 'published_at', s.published_at, 'observed_at', s.observed_at, 'stored_at', s.stored_at, 'strength', s.strength,
	'half_life_s', extract(epoch FROM s.half_life), 'hard_stop_at', s.hard_stop, 'publishers', s.publishers, 'publisher_list', s.publisher_list,
	'attrs', s.attrs, 'conflicts', s.conflicts, 'headline', s.headline, 'url', s.url, 'span', s.span, 'feed', s.feed, 'history', s.history,
	'retracted', s.retracted, 'retracted_why', s.retracted_why, 'contact_id', s.contact_id,
	'sightings', (SELECT coalesce(jsonb_agg(jsonb_build_object('feed', x.feed, 'item', x.item, 'publisher', x.publisher, 'source_named', x.source_named,
			'url', x.url, 'headline', x.headline, 'occurred_at', x.occurred_at, 'published_at', x.published_at, 'observed_at', x.observed_at,
			'span', x.span) ORDER BY x.observed_at, x.sighting_key), '[]')
		FROM whynow.sighting x WHERE x.bucket = s.bucket AND x.account_id = s.account_id AND x.signal_key = s.signal_key),
	'evidence_of', (SELECT coalesce(jsonb_agg(jsonb_build_object('campaign_id', e.campaign_id, 'segment', m.segment, 'state', m.state, 'removed', e.removed)
			ORDER BY m.enrolled_at), '[]')
		FROM whynow.evidence e JOIN whynow.member m ON m.bucket = e.bucket AND m.account_id = e.account_id AND m.campaign_id = e.campaign_id
			AND m.contact_id = e.contact_id WHERE e.signal_key = s.signal_key)) AS row
FROM whynow.signal s LEFT JOIN whynow.account a ON a.bucket = s.bucket AND a.account_id = s.account_id
WHERE s.bucket = $3 AND s.account_id = $2 AND s.signal_key = $1

-- name: read_accounts_like
-- class: cold
-- $1 pattern for ILIKE, $2 limit: what somebody may have meant
SELECT jsonb_build_object('account', coalesce(a.domain, a.name), 'name', a.name) AS row
FROM whynow.account a WHERE a.state <> 'merged' AND (a.name ILIKE $1::text OR a.domain ILIKE $1::text)
ORDER BY length(coalesce(a.domain, a.name)), a.account_id LIMIT $2

-- name: read_reviews
-- class: cold
-- What waits for somebody to say whose it is. $1, $2 bounds of the id, $3 limit, $4 NULL or name, domain or address
SELECT jsonb_build_object('review_id', r.review_id, 'at', r.at, 'feed', r.feed, 'item', r.item, 'name', r.name, 'domain', r.domain, 'email', r.email, 'why', r.why,
	'kind', r.sighting ->> 'kind', 'headline', r.sighting ->> 'headline', 'url', r.sighting ->> 'url', 'attributes', r.sighting -> 'attributes',
	'candidates', (SELECT coalesce(jsonb_agg(jsonb_build_object('account_id', a.account_id, 'account', coalesce(a.domain, a.name), 'name', a.name,
			'country', a.traits #>> '{country,v}', 'likeness', c ->> 'likeness')), '[]')
		FROM jsonb_array_elements(r.candidates) c JOIN whynow.account a ON a.account_id = (CASE jsonb_typeof(c) WHEN 'string' THEN c #>> '{}'
			ELSE c ->> 'account_id' END)::uuid)) AS row
FROM whynow.account_review r WHERE r.resolved_at IS NULL AND r.review_id >= $1 AND r.review_id <= $2
	AND ($4::text IS NULL OR lower(r.name) = lower($4::text) OR r.domain = $4::text OR r.email = $4::text) ORDER BY r.at, r.review_id LIMIT $3

-- name: read_account_merged
-- class: cold
-- $1 own domain, name or id of an account that was merged; the newest of several
SELECT jsonb_build_object('account_id', a.account_id, 'into', a.merged_into) AS row
FROM whynow.account a WHERE a.state = 'merged' AND (a.domain = $1::text OR lower(a.name) = lower($1::text) OR a.account_id::text = $1::text)
ORDER BY a.known_since DESC LIMIT 1
