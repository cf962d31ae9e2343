-- Partitions by month of a server-assigned date, made ahead by ATTACH (it waits for nobody's reads), dropped by DETACH and
-- DROP; and the views that people and reports read. The two functions are the only DDL of a running daemon.
CREATE FUNCTION whynow.partition_ensure(of_table text, on_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
	month date := date_trunc('month', on_day::timestamp)::date;
	next_month date := (date_trunc('month', on_day::timestamp) + interval '1 month')::date;
	part text := of_table || to_char(month, '_YYYY_MM');
BEGIN
	IF of_table NOT IN ('signal', 'sighting', 'history', 'fact_change') THEN
		RAISE EXCEPTION 'no partitioned table %', of_table USING ERRCODE = 'invalid_parameter_value';
	END IF;
	IF to_regclass(format('whynow.%I', part)) IS NOT NULL THEN
		RETURN false;
	END IF;
	PERFORM pg_advisory_xact_lock(hashtext('whynow.partition'));
	IF to_regclass(format('whynow.%I', part)) IS NOT NULL THEN
		RETURN false;
	END IF;
	EXECUTE format('CREATE TABLE whynow.%I (LIKE whynow.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', part, of_table);
	EXECUTE format('COMMENT ON TABLE whynow.%I IS %L', part, of_table || ' of ' || to_char(month, 'YYYY-MM'));
	EXECUTE format('ALTER TABLE whynow.%I ATTACH PARTITION whynow.%I FOR VALUES FROM (%L) TO (%L)', of_table, part, month, next_month);
	RETURN true;
END $$;
COMMENT ON FUNCTION whynow.partition_ensure(text, date) IS 'Makes the month''s partition of signal, sighting, history or fact_change; true if it was not there';

CREATE FUNCTION whynow.partition_drop(of_table text, before_day date) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
	part record;
	dropped int := 0;
BEGIN
	IF of_table NOT IN ('signal', 'sighting', 'history', 'fact_change') THEN
		RAISE EXCEPTION 'no partitioned table %', of_table USING ERRCODE = 'invalid_parameter_value';
	END IF;
	FOR part IN
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		WHERE i.inhparent = to_regclass(format('whynow.%I', of_table))
		AND c.relname ~ ('^' || of_table || '_[0-9]{4}_[0-9]{2}$')
		AND (to_date(right(c.relname, 7), 'YYYY_MM')::timestamp + interval '1 month')::date <= before_day
	LOOP
		EXECUTE format('ALTER TABLE whynow.%I DETACH PARTITION whynow.%I', of_table, part.relname);
		EXECUTE format('DROP TABLE whynow.%I', part.relname);
		dropped := dropped + 1;
	END LOOP;
	RETURN dropped;
END $$;
COMMENT ON FUNCTION whynow.partition_drop(text, date) IS 'Drops the partitions that end at or before the day; returns how many';
REVOKE ALL ON FUNCTION whynow.partition_ensure(text, date) FROM PUBLIC;
REVOKE ALL ON FUNCTION whynow.partition_drop(text, date) FROM PUBLIC;

CREATE FUNCTION whynow.freshness(strength float8, publishers int, occurred_at timestamptz, half_life interval, hard_stop timestamptz, at timestamptz)
RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
	SELECT CASE WHEN at >= hard_stop THEN 0 ELSE strength * (1.5 - 0.5 * power(2::float8, (1 - publishers)::float8))
		* power(2::float8, greatest(-1000, - extract(epoch FROM at - occurred_at)::float8 / extract(epoch FROM half_life)::float8)) END
$$;
COMMENT ON FUNCTION whynow.freshness(float8, int, timestamptz, interval, timestamptz, timestamptz)
	IS 'What is left of a signal''s weight at an instant: strength * corroboration * 2^(-age/half_life), 0 from the hard stop on';

CREATE VIEW whynow.v_heat AS
	SELECT bucket, account_id, campaign_id, contact_id, sum(w) AS heat_now, count(*) AS kinds FROM (
		SELECT e.bucket, e.account_id, e.campaign_id, e.contact_id, e.kind,
			max(whynow.freshness(e.strength, e.publishers, e.occurred_at, e.half_life, e.hard_stop, now())) AS w
		FROM whynow.evidence e WHERE NOT e.removed
		GROUP BY e.bucket, e.account_id, e.campaign_id, e.contact_id, e.kind) k
	GROUP BY bucket, account_id, campaign_id, contact_id;
COMMENT ON VIEW whynow.v_heat IS 'Heat of every member now: sum over kinds of the largest freshness';

CREATE VIEW whynow.v_campaign AS
	SELECT c.campaign_id, c.segment, c.version, c.group_values, c.state, nullif(c.result, 'none') AS result, c.shadow,
		coalesce(a.domain, a.name) AS opened_for, c.opened_at, c.proposed_at, c.intake_ends_at, c.live_until, c.max_ends_at, c.closed_at,
		c.live_members, c.audience, c.members, c.holdouts, c.touched, c.achieved, c.converted,
		c.goal_metric, c.goal_target, c.goal_window, c.cost, c.gen, c.bucket
	FROM whynow.campaign c LEFT JOIN whynow.account a ON a.account_id = c.opening_account;
COMMENT ON VIEW whynow.v_campaign IS 'Campaigns with the name of the account that opened them';

CREATE VIEW whynow.v_member AS
	SELECT m.campaign_id, m.segment, m.version, m.account_id, coalesce(a.domain, a.name) AS account, m.contact_id,
		coalesce(k.name, k.email) AS contact, m.state, m.left_why, m.shadow, m.holdout, m.enrolled_at, m.left_at, m.heat, m.stale_at,
		m.box_ends_at, least(m.stale_at, m.box_ends_at) AS ends_at, m.blind_until, m.touches_sent, m.bucket
	FROM whynow.member m JOIN whynow.account a ON a.bucket = m.bucket AND a.account_id = m.account_id
	LEFT JOIN whynow.contact k ON k.bucket = m.bucket AND k.account_id = m.account_id AND k.contact_id = m.contact_id;
COMMENT ON VIEW whynow.v_member IS 'Members of campaigns with the names of account and contact; ends_at is the earlier of staleness and box';

CREATE VIEW whynow.v_signal AS
	SELECT s.signal_key, s.account_id, coalesce(a.domain, a.name) AS account, s.kind, s.occurred_at, s.published_at, s.observed_at, s.stored_at,
		s.attrs, s.headline, s.url, s.span, s.feed, s.publishers, s.strength, s.half_life, s.hard_stop, s.history, s.retracted, s.retracted_why,
		whynow.freshness(s.strength, s.publishers, s.occurred_at, s.half_life, s.hard_stop, now()) AS freshness_now, s.bucket
	FROM whynow.signal s LEFT JOIN whynow.account a ON a.bucket = s.bucket AND a.account_id = s.account_id;
COMMENT ON VIEW whynow.v_signal IS 'Signals with account and freshness now';

CREATE VIEW whynow.v_why AS
	SELECT m.account_id, m.account, m.contact, m.contact_id, m.segment, m.campaign_id, c.state AS campaign_state, m.state AS member_state, m.left_why,
		m.shadow, m.enrolled_at, m.ends_at, m.stale_at, m.box_ends_at, e.signal_key, e.kind, e.occurred_at, e.clause, e.publishers, e.removed,
		whynow.freshness(e.strength, e.publishers, e.occurred_at, e.half_life, e.hard_stop, now()) AS freshness_now,
		s.headline, s.url, s.span, s.attrs, s.feed
	FROM whynow.v_member m
	JOIN whynow.evidence e ON e.bucket = m.bucket AND e.account_id = m.account_id AND e.campaign_id = m.campaign_id AND e.contact_id = m.contact_id
	LEFT JOIN whynow.campaign c ON c.campaign_id = m.campaign_id
	LEFT JOIN whynow.signal s ON s.bucket = e.bucket AND s.account_id = e.account_id AND s.signal_key = e.signal_key;
COMMENT ON VIEW whynow.v_why IS 'Why now: each member''s evidence with its signal, clause and freshness now';

CREATE VIEW whynow.v_touch AS
	SELECT t.campaign_id, m.segment, t.account_id, m.account, t.contact_id, m.contact, t.step + 1 AS step, t.channel, t.sink, t.state, t.reason,
		t.planned_at, t.due_at, t.valid_until, t.sent_at, t.attempts, t.variant, m.state AS member_state, t.bucket
	FROM whynow.touch t JOIN whynow.v_member m ON m.bucket = t.bucket AND m.account_id = t.account_id AND m.campaign_id = t.campaign_id
		AND m.contact_id = t.contact_id;
COMMENT ON VIEW whynow.v_touch IS 'Touches, one row a step of a member, with state and reason; step counts from 1';

CREATE VIEW whynow.v_feed AS
	SELECT f.name, f.enabled, s.next_at, s.why, s.last_at, s.last_good_at, s.blind_since, s.last_status, s.last_error, s.failures,
		s.polls, s.failed, s.items, s.stored, s.duplicate, s.edited, s.review, s.rejected, s.filtered, s.signals, s.bytes, s.cursor, s.version
	FROM whynow.feed f LEFT JOIN whynow.feed_state s ON s.name = f.name;
COMMENT ON VIEW whynow.v_feed IS 'Feeds of the files with what polling them gave';

CREATE VIEW whynow.v_segment AS
	SELECT v.name, v.version, v.status, v.error, v.published_at, v.published_by, g.withdrawn_at, g.paused_at,
		v.definition ->> 'mode' AS mode, v.definition ->> 'description' AS description, v.definition ->> 'owner' AS owner,
		(SELECT count(*) FROM whynow.campaign c WHERE c.segment = v.name AND c.state IN ('proposed', 'open', 'finishing') AND NOT c.shadow) AS campaigns_alive
	FROM whynow.segment_version v LEFT JOIN whynow.segment g ON g.name = v.name
	WHERE v.version = (SELECT max(x.version) FROM whynow.segment_version x WHERE x.name = v.name);
COMMENT ON VIEW whynow.v_segment IS 'Newest version of each segment';

CREATE VIEW whynow.v_history AS
	SELECT h.subject_id, h.gen, h.at, h.subject, h.type, h.from_state, h.to_state, h.why, h.account_id, coalesce(a.domain, a.name) AS account,
		h.contact_id, h.step + 1 AS step, h.event_id, h.sinks, h.data, h.actor, h.instance
	FROM whynow.history h LEFT JOIN whynow.account a ON a.account_id = h.account_id;
COMMENT ON VIEW whynow.v_history IS 'What changed, when and why, with the account''s name';

CREATE VIEW whynow.v_outbox AS
	SELECT o.event_id, o.sink, o.type, o.campaign_id, o.gen, o.at, o.state, o.next_at, o.attempts, o.last_error, o.done_at FROM whynow.outbox o;
COMMENT ON VIEW whynow.v_outbox IS 'Events on their way to sinks, without their payload';

CREATE VIEW whynow.v_non_action AS
	SELECT n.account_id, coalesce(a.domain, a.name) AS account, n.segment, n.reason, n.clause, n.detail, n.signal_key, n.at
	FROM whynow.non_action n JOIN whynow.account a ON a.bucket = n.bucket AND a.account_id = n.account_id;
COMMENT ON VIEW whynow.v_non_action IS 'The newest verdict of each segment about each account that did nothing, and why';

CREATE VIEW whynow.v_review AS
	SELECT r.campaign_id, c.segment, c.version, r.final, r.at, r.metric, r.target, r.audience, r.touched, r.achieved, r.rate, r.low, r.high, r.verdict
	FROM whynow.review r JOIN whynow.campaign c ON c.bucket = r.bucket AND c.campaign_id = r.campaign_id;
COMMENT ON VIEW whynow.v_review IS 'Reviews: written at closing (final = false) and when the goal window ends (final = true)';

-- Candidates for names that are nearly known; without the extension there are none.
DO $$ BEGIN
	IF EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm') THEN
		CREATE INDEX account_by_likeness ON whynow.account USING gin (name_key public.gin_trgm_ops);
	END IF;
END $$;
