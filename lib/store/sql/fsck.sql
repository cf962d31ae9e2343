-- Invariants: each query returns what breaks it, in words; no rows expected. $1 is the instant, $2 how late an end may be noticed. The
-- first comment line of a block is the sentence shown. class: cold

-- name: fsck_duplicate_sighting
-- The same report is stored once.
SELECT format('sighting %s is stored %s times (feed %s)', left(encode(sighting_key, 'hex'), 16), count(*), min(feed))
FROM whynow.sighting GROUP BY bucket, account_id, sighting_key HAVING count(*) > 1

-- name: fsck_duplicate_signal
-- A signal is stored once.
SELECT format('signal %s is stored %s times', signal_key, count(*)) FROM whynow.signal GROUP BY bucket, account_id, signal_key HAVING count(*) > 1

-- name: fsck_seen_counts
-- What a feed stored, and what of it was answered in the review queue, is what the seen keys say; its outcomes lie in the inbox.
SELECT format('feed %s counts %s stored sightings, but %s keys were seen', f.name, f.stored + coalesce(r.n, 0) - coalesce(o.n, 0) - f.pruned, coalesce(s.n, 0))
FROM whynow.feed_state f LEFT JOIN (SELECT feed, count(*) AS n FROM whynow.seen GROUP BY feed) s ON s.feed = f.name
LEFT JOIN (SELECT feed, count(*) AS n FROM whynow.account_review WHERE verdict IN ('linked', 'made') GROUP BY feed) r ON r.feed = f.name
LEFT JOIN (SELECT source, count(*) AS n FROM whynow.outcome_inbox GROUP BY source) o ON o.source = 'feed ' || f.name
WHERE f.stored + coalesce(r.n, 0) - coalesce(o.n, 0) - f.pruned <> coalesce(s.n, 0)

-- name: fsck_sighting_seen
-- Every sighting has its seen key.
SELECT format('sighting %s of feed %s has no seen key', left(encode(t.sighting_key, 'hex'), 16), t.feed)
FROM whynow.sighting t LEFT JOIN whynow.seen s ON s.sighting_key = t.sighting_key
WHERE s.sighting_key IS NULL AND NOT EXISTS (SELECT 1 FROM whynow.feed_state f WHERE f.name = t.feed AND f.pruned > 0)

-- name: fsck_signal_sighting
-- Every signal has a sighting; those of a moved one went along, and it is retracted.
SELECT format('signal %s (%s) has no sighting', s.signal_key, s.kind) FROM whynow.signal s
WHERE NOT s.retracted AND NOT EXISTS (SELECT 1 FROM whynow.sighting t WHERE t.bucket = s.bucket AND t.account_id = s.account_id AND t.signal_key = s.signal_key)

-- name: fsck_cursor
-- A feed's cursor moves only together with what became of every item.
SELECT format('feed %s stands at version %s, but the poll of version %s was never counted', f.name, f.version, f.counted)
FROM whynow.feed_state f LEFT JOIN whynow.feed_poll p ON p.feed = f.name AND p.version = f.counted
WHERE f.counted > 0 AND f.counted > f.version - 200 AND p.version IS NULL
UNION ALL SELECT format('feed %s saw %s items and accounts for %s', name, items, stored + duplicate + edited + review + rejected + filtered)
FROM whynow.feed_state WHERE items <> stored + duplicate + edited + review + rejected + filtered

-- name: fsck_one_campaign_a_group
-- At most one proposed or open campaign for a segment and group.
SELECT format('segment %s has %s campaigns proposed or open for group %s', segment, count(*), group_values) FROM whynow.campaign
WHERE state IN ('proposed', 'open') GROUP BY bucket, segment, group_id, group_values, shadow HAVING count(*) > 1

-- name: fsck_history_without_event
-- Every history step has its event for every sink that was to get it.
SELECT format('%s of %s (gen %s) never got its event for sink %s', h.type, h.subject_id, h.gen, k.sink)
FROM whynow.history h CROSS JOIN LATERAL unnest(h.sinks) AS k (sink)
LEFT JOIN whynow.outbox o ON o.bucket = h.bucket AND o.event_id = h.event_id AND o.sink = k.sink
WHERE o.event_id IS NULL AND h.at >= (SELECT outbox_pruned_to FROM whynow.installation)

-- name: fsck_event_without_history
-- Every event has its history step.
SELECT format('event %s %s for sink %s has no history', o.type, o.event_id, o.sink) FROM whynow.outbox o
WHERE NOT EXISTS (SELECT 1 FROM whynow.history h WHERE h.bucket = o.bucket AND h.subject_id = o.subject_id AND h.gen = o.gen AND h.event_id = o.event_id
	AND o.sink = ANY (h.sinks)) AND o.at >= (SELECT history_pruned_to FROM whynow.installation)

-- name: fsck_gens
-- Gens have no gaps and end at the campaign's.
SELECT format('campaign %s is at gen %s; its history holds %s rows from %s to %s', c.campaign_id, c.gen, coalesce(h.n, 0), h.low, h.high)
FROM whynow.campaign c LEFT JOIN (SELECT bucket, subject_id, count(*) AS n, min(gen) AS low, max(gen) AS high FROM whynow.history GROUP BY bucket, subject_id) h
	ON h.bucket = c.bucket AND h.subject_id = c.campaign_id
WHERE (h.n IS NULL AND (c.state <> 'closed' OR c.closed_at >= (SELECT history_pruned_to FROM whynow.installation)))
	OR h.high <> c.gen OR h.n <> h.high - h.low + 1
UNION ALL SELECT format('%s %s is at gen %s; its history holds %s rows up to %s', s.subject, s.name, s.gen, coalesce(h.n, 0), h.high)
FROM whynow.subject_counter s LEFT JOIN (SELECT bucket, subject_id, count(*) AS n, min(gen) AS low, max(gen) AS high FROM whynow.history GROUP BY bucket, subject_id) h
	ON h.bucket = s.bucket AND h.subject_id = s.subject_id
WHERE (h.n IS NULL AND (SELECT history_pruned_to FROM whynow.installation) = '-infinity') OR h.high <> s.gen OR h.n <> h.high - h.low + 1

-- name: fsck_state_history
-- A campaign is in the state that its history ends with.
SELECT format('campaign %s is %s, its history says %s', c.campaign_id, c.state, h.to_state) FROM whynow.campaign c
CROSS JOIN LATERAL (SELECT to_state FROM whynow.history WHERE bucket = c.bucket AND subject_id = c.campaign_id AND subject = 'campaign' AND to_state IS NOT NULL
	ORDER BY gen DESC LIMIT 1) h
WHERE h.to_state <> c.state

-- name: fsck_member_overdue
-- No member lives past its end (those whose feeds are blind aside).
SELECT format('member %s of campaign %s should have left at %s', m.account_id, m.campaign_id,
	least(m.box_ends_at, coalesce(m.blind_until, m.stale_at))) FROM whynow.member m
WHERE m.state = 'live' AND least(m.box_ends_at, coalesce(m.blind_until, m.stale_at)) < $1::timestamptz - $2::interval

-- name: fsck_member_timer
-- A live member is looked at before its end.
SELECT format('member %s of campaign %s ends at %s, but is looked at only at %s', m.account_id, m.campaign_id,
	least(m.box_ends_at, coalesce(m.blind_until, m.stale_at)), m.due_at) FROM whynow.member m
WHERE m.state = 'live' AND m.due_at > least(m.box_ends_at, coalesce(m.blind_until, m.stale_at)) + $2::interval

-- name: fsck_campaign_overdue
-- No campaign is open past its intake, alive past its maximum, or proposed past its time.
SELECT format('campaign %s of %s is %s past %s', campaign_id, segment, state, CASE WHEN state = 'proposed' THEN due_at WHEN max_ends_at < intake_ends_at
	OR state = 'finishing' THEN max_ends_at ELSE intake_ends_at END) FROM whynow.campaign
WHERE (state = 'open' AND intake_ends_at < $1::timestamptz - $2::interval) OR (state IN ('open', 'finishing') AND max_ends_at < $1::timestamptz - $2::interval)
	OR (state = 'proposed' AND due_at < $1::timestamptz - $2::interval)

-- name: fsck_left_early
-- Nobody leaves before the instant that is given as the reason.
SELECT format('member %s of campaign %s left %s at %s, before %s', m.account_id, m.campaign_id, m.left_why, m.left_at,
	CASE m.left_why WHEN 'stale' THEN m.stale_at WHEN 'boxed' THEN m.box_ends_at ELSE m.first_touch_by END)
FROM whynow.member m LEFT JOIN whynow.campaign c ON c.bucket = m.campaign_bucket AND c.campaign_id = m.campaign_id
WHERE c.opened_at IS NOT NULL AND ((m.left_why = 'stale' AND m.left_at < m.stale_at) OR (m.left_why = 'boxed' AND m.left_at < m.box_ends_at)
	OR (m.left_why = 'no_first_touch' AND m.left_at < m.first_touch_by))

-- name: fsck_campaign_counts
-- The counts of a campaign are those of its members.
SELECT format('campaign %s counts %s live, %s audience, %s members, %s holdouts, %s touched; its members say %s, %s, %s, %s, %s', c.campaign_id, c.live_members,
	c.audience, c.members, c.holdouts, c.touched, coalesce(m.live, 0), coalesce(m.audience, 0), coalesce(m.members, 0), coalesce(m.holdouts, 0), coalesce(m.touched, 0))
FROM whynow.campaign c LEFT JOIN (SELECT campaign_id, count(*) FILTER (WHERE state = 'live') AS live, count(*) FILTER (WHERE state = 'live' AND NOT holdout) AS audience,
	count(*) AS members, count(*) FILTER (WHERE holdout) AS holdouts, count(*) FILTER (WHERE touches_sent > 0 AND NOT holdout) AS touched
	FROM whynow.member GROUP BY campaign_id) m ON m.campaign_id = c.campaign_id
WHERE (c.live_members, c.audience, c.members, c.holdouts, c.touched)
	<> (coalesce(m.live, 0), coalesce(m.audience, 0), coalesce(m.members, 0), coalesce(m.holdouts, 0), coalesce(m.touched, 0))

-- name: fsck_achieved
-- What a campaign achieved is what its members reached: those with a touch sent, and those held out.
SELECT format('campaign %s counts %s achieved, %s held out, %s converted; its members say %s, %s, %s', c.campaign_id, c.achieved, c.holdout_achieved, c.converted,
	coalesce(m.achieved, 0), coalesce(m.holdout, 0), coalesce(m.converted, 0))
FROM whynow.campaign c LEFT JOIN (SELECT campaign_id, count(*) FILTER (WHERE reached_at IS NOT NULL AND touches_sent > 0 AND NOT holdout) AS achieved,
	count(*) FILTER (WHERE reached_at IS NOT NULL AND holdout) AS holdout, count(*) FILTER (WHERE left_why = 'converted') AS converted
	FROM whynow.member GROUP BY campaign_id) m ON m.campaign_id = c.campaign_id
WHERE (c.achieved, c.holdout_achieved, c.converted) <> (coalesce(m.achieved, 0), coalesce(m.holdout, 0), coalesce(m.converted, 0))

-- name: fsck_reached
-- Whoever reached the goal has an outcome that says so.
SELECT format('member %s of campaign %s reached the goal at %s, but no outcome says so', m.account_id, m.campaign_id, m.reached_at) FROM whynow.member m
WHERE m.reached_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM whynow.outcome_credit x WHERE x.bucket = m.bucket AND x.account_id = m.account_id
	AND x.campaign_id = m.campaign_id AND x.contact_id = m.contact_id AND x.reached)

-- name: fsck_touch_of_replied
-- Nothing waits for somebody who replied.
SELECT format('step %s of member %s in campaign %s is %s, but the contact replied', t.step + 1, t.account_id, t.campaign_id, t.state)
FROM whynow.touch t JOIN whynow.member m ON m.bucket = t.bucket AND m.account_id = t.account_id AND m.campaign_id = t.campaign_id AND m.contact_id = t.contact_id
WHERE m.replied AND t.state IN ('planned', 'deferred', 'yielded', 'held')

-- name: fsck_campaign_alive
-- A campaign lives exactly as long as it has live members.
SELECT format('campaign %s is %s with %s live members', campaign_id, state, live_members) FROM whynow.campaign WHERE (state = 'closed') <> (live_members = 0)

-- name: fsck_member_campaign
-- Every member has its campaign, and carries its bucket, segment and version.
SELECT format('member %s names campaign %s, which %s', m.account_id, m.campaign_id, CASE WHEN c.campaign_id IS NULL THEN 'is not there' ELSE 'differs' END)
FROM whynow.member m LEFT JOIN whynow.campaign c ON c.bucket = m.campaign_bucket AND c.campaign_id = m.campaign_id
WHERE c.campaign_id IS NULL OR (c.segment, c.version, c.shadow) <> (m.segment, m.version, m.shadow)

-- name: fsck_member_evidence
-- Every live enrolment rests on stored evidence.
SELECT format('member %s of campaign %s has no evidence', m.account_id, m.campaign_id) FROM whynow.member m
WHERE m.state = 'live' AND NOT EXISTS (SELECT 1 FROM whynow.evidence e WHERE e.bucket = m.bucket AND e.account_id = m.account_id AND e.campaign_id = m.campaign_id
	AND e.contact_id = m.contact_id AND NOT e.removed)
UNION ALL SELECT format('member %s of campaign %s rests on signal %s, which is not stored', m.account_id, m.campaign_id, e.signal_key)
FROM whynow.member m JOIN whynow.evidence e ON e.bucket = m.bucket AND e.account_id = m.account_id AND e.campaign_id = m.campaign_id AND e.contact_id = m.contact_id
JOIN whynow.account a ON a.bucket = m.bucket AND a.account_id = m.account_id
WHERE m.state = 'live' AND NOT e.removed AND NOT EXISTS (SELECT 1 FROM whynow.signal s WHERE s.signal_key = e.signal_key AND (s.account_id = m.account_id OR s.account_id = ANY (a.merged_from)))

-- name: fsck_enrolled_on_unknown
-- Unknown enrols nobody.
SELECT format('member %s of campaign %s was enrolled at %s by the verdict that was unknown: %s', m.account_id, m.campaign_id, m.enrolled_at, n.clause)
FROM whynow.member m JOIN whynow.non_action n ON n.bucket = m.bucket AND n.account_id = m.account_id AND n.segment = m.segment
WHERE n.reason = 'unknown' AND n.at = m.enrolled_at AND n.signal_key = m.signal_key

-- name: fsck_heat
-- stale_at is the first instant at which the heat of a live member's evidence is under the floor.
WITH heat AS (
	SELECT k.bucket, k.account_id, k.campaign_id, k.contact_id, sum(k.at_end) AS at_end, sum(k.before) AS before FROM (
		SELECT m.bucket, m.account_id, m.campaign_id, m.contact_id, e.kind,
			max(whynow.freshness(e.strength, e.publishers, e.occurred_at, e.half_life, e.hard_stop, m.stale_at)) AS at_end,
			max(whynow.freshness(e.strength, e.publishers, e.occurred_at, e.half_life, e.hard_stop, m.stale_at - interval '1 s')) AS before
		FROM whynow.member m JOIN whynow.evidence e ON e.bucket = m.bucket AND e.account_id = m.account_id AND e.campaign_id = m.campaign_id
			AND e.contact_id = m.contact_id AND NOT e.removed
		WHERE m.state = 'live' AND m.blind_until IS NULL AND m.stale_at < 'infinity'
		GROUP BY m.bucket, m.account_id, m.campaign_id, m.contact_id, e.kind) k
	GROUP BY k.bucket, k.account_id, k.campaign_id, k.contact_id)
SELECT format('member %s of campaign %s has heat %s at its stale_at %s and %s one second before; the floor is %s', m.account_id, m.campaign_id, h.at_end, m.stale_at,
	h.before, c.floor)
FROM heat h JOIN whynow.member m USING (bucket, account_id, campaign_id, contact_id)
JOIN whynow.campaign c ON c.bucket = m.campaign_bucket AND c.campaign_id = m.campaign_id
WHERE h.at_end > c.floor + 1e-5 OR (h.before < c.floor - 1e-5 AND m.stale_at > m.enrolled_at + interval '1 s')

-- name: fsck_touch_of_left
-- No touch waits for a member that left.
SELECT format('step %s of member %s in campaign %s is %s, but the member left (%s)', t.step + 1, t.account_id, t.campaign_id, t.state, m.left_why)
FROM whynow.touch t JOIN whynow.member m ON m.bucket = t.bucket AND m.account_id = t.account_id AND m.campaign_id = t.campaign_id AND m.contact_id = t.contact_id
WHERE m.state = 'left' AND t.state IN ('planned', 'deferred', 'yielded', 'held')

-- name: fsck_touch_after_left
-- No touch was decided on after its member left.
SELECT format('step %s of member %s in campaign %s was claimed at %s, after the member left at %s', t.step + 1, t.account_id, t.campaign_id, t.claimed_at, m.left_at)
FROM whynow.touch t JOIN whynow.member m ON m.bucket = t.bucket AND m.account_id = t.account_id AND m.campaign_id = t.campaign_id AND m.contact_id = t.contact_id
WHERE m.state = 'left' AND t.claimed_at > m.left_at

-- name: fsck_touch_of_holdout
-- Holdouts and shadow members are never touched.
SELECT format('step %s of member %s in campaign %s was sent, but it is %s', t.step + 1, t.account_id, t.campaign_id, CASE WHEN m.holdout THEN 'held out' ELSE 'a shadow' END)
FROM whynow.touch t JOIN whynow.member m ON m.bucket = t.bucket AND m.account_id = t.account_id AND m.campaign_id = t.campaign_id AND m.contact_id = t.contact_id
WHERE t.attempts > 0 AND (m.holdout OR m.shadow)

-- name: fsck_touches_sent
-- A member's count of touches sent is that of its touches.
SELECT format('member %s of campaign %s counts %s touches sent, there are %s', m.account_id, m.campaign_id, m.touches_sent, count(t.step))
FROM whynow.member m LEFT JOIN whynow.touch t ON t.bucket = m.bucket AND t.account_id = m.account_id AND t.campaign_id = m.campaign_id AND t.contact_id = m.contact_id
	AND t.state = 'sent'
GROUP BY m.bucket, m.account_id, m.campaign_id, m.contact_id, m.touches_sent HAVING m.touches_sent <> count(t.step)

-- name: fsck_review
-- A closed campaign has its review, and the final one once it says so.
SELECT format('campaign %s is closed without a review', c.campaign_id) FROM whynow.campaign c WHERE c.state = 'closed' AND NOT c.shadow
	AND NOT EXISTS (SELECT 1 FROM whynow.review r WHERE r.bucket = c.bucket AND r.campaign_id = c.campaign_id AND NOT r.final)
UNION ALL SELECT format('campaign %s says it has its final review, which is not there', c.campaign_id) FROM whynow.campaign c WHERE c.reviewed_final
	AND NOT EXISTS (SELECT 1 FROM whynow.review r WHERE r.bucket = c.bucket AND r.campaign_id = c.campaign_id AND r.final)

-- name: fsck_merged
-- A merged account has no live members, and its survivor knows it.
SELECT format('account %s was merged into %s and still has a live member', a.account_id, a.merged_into) FROM whynow.account a
JOIN whynow.member m ON m.bucket = a.bucket AND m.account_id = a.account_id AND m.state = 'live' WHERE a.state = 'merged'
UNION ALL SELECT format('account %s was merged into %s, which does not know it', a.account_id, a.merged_into) FROM whynow.account a
LEFT JOIN whynow.account s ON s.account_id = a.merged_into WHERE a.state = 'merged' AND (s.account_id IS NULL OR NOT a.account_id = ANY (s.merged_from))
