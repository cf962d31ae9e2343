-- Due work: what falls due and when. Reads only; each by its own index.

-- name: tick
-- class: tick
SELECT clock_timestamp(),
	(SELECT min(due_at) FROM whynow.member WHERE state = 'live'),
	(SELECT min(due_at) FROM whynow.campaign WHERE due_at < 'infinity'),
	(SELECT min(due_at) FROM whynow.touch WHERE state IN ('planned', 'deferred', 'yielded', 'held', 'sending')),
	(SELECT min(due_at) FROM whynow.recheck),
	(SELECT min(n.next_at) FROM whynow.sink k CROSS JOIN LATERAL (SELECT min(o.next_at) AS next_at FROM whynow.outbox o
		WHERE o.sink = k.name AND o.state IN ('pending', 'leased') AND o.step < 0) n WHERE k.enabled),
	(SELECT coalesce(sum(hashtextextended(concat_ws('|', v.name, v.version, v.published_at), 0)), 0)::text FROM whynow.segment_version v
		WHERE v.published_at > $1)
	|| '/' || (SELECT coalesce(sum(hashtextextended(concat_ws('|', g.name, g.withdrawn_at, g.paused_at), 0)), 0)::text FROM whynow.segment g
		WHERE g.withdrawn_at IS NOT NULL OR g.paused_at IS NOT NULL)
	|| '/' || (SELECT count(*)::text FROM whynow.pause),
	EXISTS (SELECT 1 FROM whynow.outcome_inbox WHERE state = 'new')

-- name: due_members
-- class: batch
SELECT m.due_at, m.account_id, m.campaign_id, m.contact_id, m.bucket FROM whynow.member m
WHERE m.state = 'live' AND m.due_at <= $1 AND m.bucket BETWEEN $2 AND $3
ORDER BY m.due_at, m.bucket, m.account_id, m.campaign_id, m.contact_id LIMIT $4

-- name: due_campaigns
-- class: batch
SELECT c.due_at, c.opening_account, c.campaign_id, c.bucket, c.members FROM whynow.campaign c
WHERE c.due_at < 'infinity' AND c.due_at <= $1 AND c.bucket BETWEEN $2 AND $3 ORDER BY c.due_at, c.bucket, c.campaign_id LIMIT $4

-- name: due_touches
-- class: batch
SELECT t.due_at, t.account_id, t.campaign_id, t.contact_id, t.bucket, t.step, t.channel FROM whynow.touch t
WHERE t.state IN ('planned', 'deferred', 'yielded', 'held', 'sending') AND t.due_at <= $1 AND t.bucket BETWEEN $2 AND $3
AND t.channel <> ALL ($5::text[])
ORDER BY t.due_at, t.bucket, t.account_id, t.campaign_id, t.contact_id, t.step LIMIT $4

-- name: due_rechecks
-- class: batch
SELECT r.due_at, r.account_id, r.bucket, r.segment, r.signal_key FROM whynow.recheck r
WHERE r.due_at <= $1 AND r.bucket BETWEEN $2 AND $3 ORDER BY r.due_at, r.bucket, r.account_id, r.segment, r.signal_key LIMIT $4

-- name: replaced_campaigns
-- class: cold
SELECT c.due_at, c.opening_account, c.campaign_id, c.bucket FROM whynow.campaign c
WHERE c.segment = $1 AND c.state <> 'closed' AND c.state = 'open' AND c.version <> $2 ORDER BY c.bucket, c.campaign_id

-- name: open_versions
-- class: cold
SELECT DISTINCT c.segment, c.version FROM whynow.campaign c WHERE c.state = 'open' ORDER BY 1, 2

-- name: merge_candidates
-- class: cold
-- Step by step, provisional accounts first: right after an import the tables have no statistics to plan by.
SELECT DISTINCT p.account_id, k.account_id FROM (SELECT account_id FROM whynow.account WHERE state = 'provisional' OFFSET 0) p
CROSS JOIN LATERAL (SELECT bucket, alias_id FROM whynow.account_alias WHERE account_id = p.account_id AND kind = 'name' OFFSET 0) a
CROSS JOIN LATERAL (SELECT (array_agg(x.account_id))[1] AS account_id
	FROM (SELECT account_id FROM whynow.account_alias WHERE bucket = a.bucket AND alias_id = a.alias_id AND account_id <> p.account_id OFFSET 0) b
	CROSS JOIN LATERAL (SELECT account_id FROM whynow.account WHERE account_id = b.account_id AND state = 'known' OFFSET 0) x
	HAVING count(*) = 1) k
ORDER BY 1 LIMIT $1

-- name: open_counts
-- class: cold
SELECT (SELECT count(*) FROM whynow.campaign WHERE state IN ('open', 'finishing') AND NOT shadow), (SELECT min(due_at) FROM whynow.member WHERE state = 'live')

-- name: older_campaigns
-- class: cold
SELECT c.due_at, c.opening_account, c.campaign_id, c.bucket FROM whynow.campaign c
WHERE c.segment = $1 AND c.state <> 'closed' AND c.version < $2 ORDER BY c.bucket, c.campaign_id
