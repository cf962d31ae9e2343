-- Set-up, migrations, identity. class: cold

-- name: schema_exists
SELECT to_regclass('whynow.schema_version') IS NOT NULL

-- name: schema_versions
SELECT version, name, checksum FROM whynow.schema_version ORDER BY version

-- name: schema_lock
SELECT pg_advisory_xact_lock(hashtext('whynow.migrate'))

-- name: schema_record
INSERT INTO whynow.schema_version (version, name, checksum) VALUES ($1, $2, $3)

-- name: schema_owner
SELECT 1 FROM pg_roles r WHERE r.rolname = 'whynow_owner' AND pg_has_role(current_user, r.oid, 'MEMBER')
AND has_database_privilege(r.oid, current_database(), 'CREATE')

-- name: schema_set_owner
SET LOCAL ROLE whynow_owner

-- name: partition_ensure
SELECT whynow.partition_ensure($1::text, $2::date)

-- name: partition_drop
SELECT whynow.partition_drop($1::text, $2::date)

-- name: partition_old
SELECT EXISTS (SELECT 1 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('whynow.' || $1::text)
	AND c.relname ~ '_[0-9]{4}_[0-9]{2}$' AND (to_date(right(c.relname, 7), 'YYYY_MM')::timestamp + interval '1 month')::date <= $2::date)

-- Up to where signals ($1) and history ($2) may go: evidence of those who live keeps its signals, a campaign that is not over its history.
-- name: retention_bounds
SELECT least($1::timestamptz, (SELECT min(e.occurred_at) - interval '1 day' FROM whynow.member m JOIN whynow.evidence e
	ON e.bucket = m.bucket AND e.account_id = m.account_id AND e.campaign_id = m.campaign_id AND e.contact_id = m.contact_id
	WHERE m.state = 'live' AND NOT e.removed)),
	least($2::timestamptz, (SELECT min(least(proposed_at, opened_at)) FROM whynow.campaign WHERE state <> 'closed' OR due_at < 'infinity'))

-- name: history_pruned_to
UPDATE whynow.installation SET history_pruned_to = greatest(history_pruned_to, $1)

-- name: partition_exists
SELECT to_regclass('whynow.' || $1::text || to_char($2::date, '_YYYY_MM')) IS NOT NULL

-- name: key_check_read
SELECT key_check FROM whynow.installation

-- name: key_check_write
UPDATE whynow.installation SET key_check = $1 WHERE key_check IS NULL

-- name: identity_read
SELECT (SELECT system_identifier FROM pg_control_system())::text, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int8,
	i.system_identifier::text, i.timeline FROM whynow.installation i

-- name: identity_write
UPDATE whynow.installation SET system_identifier = $1::text::numeric, timeline = $2
WHERE (system_identifier, timeline) <> ($1::text::numeric, $2)

-- name: notify
SELECT pg_notify('whynow', $1::text)

-- name: grants
DO $grants$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'whynow_daemon') THEN
		RETURN; -- db init was not run here (tests, private clusters): the owner does everything
	END IF;
	REVOKE ALL ON SCHEMA whynow FROM PUBLIC;
	GRANT USAGE ON SCHEMA whynow TO whynow_daemon, whynow_operator, whynow_read, whynow_privacy;
	GRANT SELECT ON ALL TABLES IN SCHEMA whynow TO whynow_daemon, whynow_operator, whynow_privacy;
	GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA whynow TO whynow_daemon, whynow_operator;
	GRANT DELETE ON whynow.lease, whynow.pause, whynow.feed_poll, whynow.feed_item, whynow.recheck, whynow.non_action, whynow.seen, whynow.item_reject,
		whynow.outbox, whynow.account_alias, whynow.suppression TO whynow_daemon, whynow_operator;
	-- append-only and insert-only ones
	REVOKE UPDATE ON whynow.history, whynow.segment_version, whynow.schema_version, whynow.lesson FROM whynow_daemon, whynow_operator;
	REVOKE INSERT ON whynow.schema_version FROM whynow_daemon, whynow_operator;
	GRANT UPDATE (status, error, checked_at) ON whynow.segment_version TO whynow_daemon, whynow_operator;
	GRANT UPDATE, DELETE ON whynow.contact, whynow.signal, whynow.sighting, whynow.outbox, whynow.fact_change, whynow.history, whynow.account_review,
		whynow.item_reject, whynow.touch, whynow.member, whynow.evidence, whynow.outcome, whynow.account, whynow.account_alias TO whynow_privacy;
	GRANT INSERT ON whynow.suppression TO whynow_privacy;
	GRANT SELECT ON whynow.v_campaign, whynow.v_member, whynow.v_signal, whynow.v_why, whynow.v_touch, whynow.v_feed, whynow.v_segment, whynow.v_history,
		whynow.v_outbox, whynow.v_non_action, whynow.v_review, whynow.v_heat, whynow.kind, whynow.trait, whynow.feed, whynow.sink, whynow.segment,
		whynow.segment_version, whynow.campaign, whynow.member, whynow.evidence, whynow.touch, whynow.signal, whynow.sighting, whynow.account,
		whynow.review, whynow.lesson, whynow.feed_state, whynow.feed_gap, whynow.instance, whynow.schema_version TO whynow_read;
	GRANT EXECUTE ON FUNCTION whynow.partition_ensure(text, date), whynow.partition_drop(text, date) TO whynow_daemon;
	GRANT EXECUTE ON FUNCTION whynow.partition_ensure(text, date) TO whynow_operator;
	GRANT EXECUTE ON FUNCTION whynow.freshness(float8, int, timestamptz, interval, timestamptz, timestamptz)
		TO whynow_daemon, whynow_operator, whynow_read, whynow_privacy;
END $grants$
