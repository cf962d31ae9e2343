-- Tables of whynow. Every table is bucketed (bucket is a pure function of the row's own immutable key, 0..1023, in every
-- key), reference (small) or local (of this database alone). Names are a public interface.
CREATE SCHEMA IF NOT EXISTS whynow;

-- ---------------------------------------------------------------------------------------------------------- local
CREATE TABLE IF NOT EXISTS whynow.schema_version (
	version int NOT NULL CONSTRAINT schema_version_pk PRIMARY KEY,
	name text NOT NULL,
	checksum bytea NOT NULL,
	applied_at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE whynow.installation (
	one boolean NOT NULL DEFAULT true CONSTRAINT installation_pk PRIMARY KEY,
	key_check bytea,
	system_identifier numeric(20) NOT NULL DEFAULT 0,
	timeline int NOT NULL DEFAULT 0,
	outbox_pruned_to timestamptz NOT NULL DEFAULT '-infinity',
	CONSTRAINT installation_one CHECK (one));
INSERT INTO whynow.installation DEFAULT VALUES;
CREATE TABLE whynow.instance (
	name text NOT NULL CONSTRAINT instance_pk PRIMARY KEY,
	started_at timestamptz NOT NULL,
	heartbeat_at timestamptz NOT NULL,
	status jsonb NOT NULL DEFAULT '{}');
CREATE TABLE whynow.lease (
	kind text NOT NULL,
	name text NOT NULL,
	owner text NOT NULL,
	until timestamptz NOT NULL,
	CONSTRAINT lease_pk PRIMARY KEY (kind, name)) WITH (fillfactor = 50);
CREATE TABLE whynow.feed_state (
	name text NOT NULL CONSTRAINT feed_state_pk PRIMARY KEY,
	version bigint NOT NULL,
	etag bytea,
	last_modified bytea,
	cursor text,
	url text,
	next_at timestamptz NOT NULL,
	why text NOT NULL DEFAULT '',
	last_at timestamptz,
	last_good_at timestamptz,
	good_since timestamptz,
	first_done boolean NOT NULL DEFAULT false,
	blind_since timestamptz,
	last_status int NOT NULL DEFAULT 0,
	last_error text,
	rate_at timestamptz,
	rate float8 NOT NULL DEFAULT 0,
	weight float8 NOT NULL DEFAULT 0,
	worth float8 NOT NULL DEFAULT 0,
	failures int NOT NULL DEFAULT 0,
	gone int NOT NULL DEFAULT 0,
	polls bigint NOT NULL DEFAULT 0,
	failed bigint NOT NULL DEFAULT 0,
	items bigint NOT NULL DEFAULT 0,
	stored bigint NOT NULL DEFAULT 0,
	duplicate bigint NOT NULL DEFAULT 0,
	edited bigint NOT NULL DEFAULT 0,
	review bigint NOT NULL DEFAULT 0,
	rejected bigint NOT NULL DEFAULT 0,
	filtered bigint NOT NULL DEFAULT 0,
	signals bigint NOT NULL DEFAULT 0,
	bytes bigint NOT NULL DEFAULT 0,
	pruned bigint NOT NULL DEFAULT 0,
	extra jsonb NOT NULL DEFAULT '{}') WITH (fillfactor = 50);
CREATE TABLE whynow.feed_poll (
	feed text NOT NULL,
	version bigint NOT NULL,
	at timestamptz NOT NULL,
	result text NOT NULL,
	status int NOT NULL,
	items int NOT NULL,
	stored int NOT NULL,
	duplicate int NOT NULL,
	edited int NOT NULL,
	review int NOT NULL,
	rejected int NOT NULL,
	filtered int NOT NULL,
	signals int NOT NULL,
	bytes bigint NOT NULL,
	CONSTRAINT feed_poll_pk PRIMARY KEY (feed, version),
	CONSTRAINT feed_poll_all_counted CHECK (items = stored + duplicate + edited + review + rejected + filtered));
CREATE TABLE whynow.feed_gap (
	feed text NOT NULL,
	kind text NOT NULL DEFAULT '',
	from_at timestamptz NOT NULL,
	to_at timestamptz,
	why text NOT NULL DEFAULT '',
	CONSTRAINT feed_gap_pk PRIMARY KEY (feed, kind, from_at),
	CONSTRAINT feed_gap_order CHECK (to_at >= from_at));
CREATE UNIQUE INDEX feed_gap_open ON whynow.feed_gap (feed, kind) WHERE to_at IS NULL;

-- ------------------------------------------------------------------------------------------------------ reference
CREATE TABLE whynow.kind (
	name text NOT NULL CONSTRAINT kind_pk PRIMARY KEY,
	definition jsonb NOT NULL,
	checksum bytea NOT NULL,
	enabled boolean NOT NULL DEFAULT true,
	changed_at timestamptz NOT NULL);
CREATE TABLE whynow.trait (LIKE whynow.kind INCLUDING DEFAULTS, CONSTRAINT trait_pk PRIMARY KEY (name));
CREATE TABLE whynow.feed (LIKE whynow.kind INCLUDING DEFAULTS, CONSTRAINT feed_pk PRIMARY KEY (name));
CREATE TABLE whynow.sink (LIKE whynow.kind INCLUDING DEFAULTS, CONSTRAINT sink_pk PRIMARY KEY (name));
CREATE TABLE whynow.sequence (
	name text NOT NULL,
	version int NOT NULL,
	definition jsonb NOT NULL,
	published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	CONSTRAINT sequence_pk PRIMARY KEY (name, version));
CREATE TABLE whynow.segment (
	name text NOT NULL CONSTRAINT segment_pk PRIMARY KEY,
	withdrawn_at timestamptz,
	withdrawn_by text,
	paused_at timestamptz,
	paused_by text);
CREATE TABLE whynow.segment_version (
	name text NOT NULL,
	version int NOT NULL,
	source text NOT NULL,
	definition jsonb,
	published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	published_by text NOT NULL DEFAULT current_user,
	status text NOT NULL DEFAULT 'unchecked',
	error text,
	checked_at timestamptz,
	CONSTRAINT segment_version_pk PRIMARY KEY (name, version),
	CONSTRAINT segment_version_number CHECK (version > 0),
	CONSTRAINT segment_version_status CHECK (status IN ('unchecked', 'valid', 'invalid')),
	CONSTRAINT segment_version_error CHECK (status <> 'invalid' OR error IS NOT NULL));
CREATE TABLE whynow.pause (
	scope text NOT NULL CONSTRAINT pause_pk PRIMARY KEY,
	paused_at timestamptz NOT NULL,
	paused_by text NOT NULL);
CREATE TABLE whynow.fx_rate (
	day date NOT NULL,
	currency text NOT NULL,
	usd float8 NOT NULL,
	CONSTRAINT fx_rate_pk PRIMARY KEY (day, currency),
	CONSTRAINT fx_rate_positive CHECK (usd > 0));

-- ----------------------------------------------------------------------------------------- bucketed: accounts and people
CREATE TABLE whynow.account (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	domain text,
	name text,
	name_key text,
	state text NOT NULL,
	merged_into uuid,
	merged_from uuid[] NOT NULL DEFAULT '{}',
	known_since timestamptz NOT NULL,
	traits jsonb NOT NULL DEFAULT '{}',
	gen bigint NOT NULL DEFAULT 0,
	CONSTRAINT account_pk PRIMARY KEY (bucket, account_id),
	CONSTRAINT account_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT account_state CHECK (state IN ('known', 'provisional', 'person', 'merged')),
	CONSTRAINT account_merged CHECK ((state = 'merged') = (merged_into IS NOT NULL))) WITH (fillfactor = 80);
CREATE INDEX account_by_id ON whynow.account (account_id);
CREATE INDEX account_by_name ON whynow.account (name_key);
CREATE TABLE whynow.account_alias (
	bucket smallint NOT NULL,
	alias_id uuid NOT NULL,
	kind text NOT NULL,
	alias text NOT NULL,
	account_id uuid NOT NULL,
	source text NOT NULL,
	at timestamptz NOT NULL,
	CONSTRAINT account_alias_pk PRIMARY KEY (bucket, alias_id, account_id),
	CONSTRAINT account_alias_bucket CHECK (bucket = ((get_byte(uuid_send(alias_id), 0) << 8 | get_byte(uuid_send(alias_id), 1)) & 1023)),
	CONSTRAINT account_alias_kind CHECK (kind IN ('name', 'domain')));
CREATE INDEX account_alias_by_account ON whynow.account_alias (account_id);
CREATE TABLE whynow.account_review (
	bucket smallint NOT NULL,
	review_id uuid NOT NULL,
	feed text NOT NULL,
	item text NOT NULL,
	name text,
	domain text,
	email text,
	why text NOT NULL,
	candidates jsonb NOT NULL DEFAULT '[]',
	sighting jsonb NOT NULL,
	at timestamptz NOT NULL,
	resolved_at timestamptz,
	account_id uuid,
	CONSTRAINT account_review_pk PRIMARY KEY (bucket, review_id),
	CONSTRAINT account_review_bucket CHECK (bucket = ((get_byte(uuid_send(review_id), 0) << 8 | get_byte(uuid_send(review_id), 1)) & 1023)));
CREATE INDEX account_review_open ON whynow.account_review (at) WHERE resolved_at IS NULL;
CREATE TABLE whynow.contact (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	contact_id uuid NOT NULL,
	email text,
	name text,
	position text,
	department text,
	level int NOT NULL DEFAULT 0,
	time_zone text,
	consent text,
	subject boolean NOT NULL DEFAULT false,
	departed boolean NOT NULL DEFAULT false,
	erased boolean NOT NULL DEFAULT false,
	traits jsonb NOT NULL DEFAULT '{}',
	since timestamptz NOT NULL,
	CONSTRAINT contact_pk PRIMARY KEY (bucket, account_id, contact_id),
	CONSTRAINT contact_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT contact_level CHECK (level BETWEEN 0 AND 9),
	CONSTRAINT contact_address CHECK (subject OR erased OR email IS NOT NULL),
	CONSTRAINT contact_account FOREIGN KEY (bucket, account_id) REFERENCES whynow.account (bucket, account_id)) WITH (fillfactor = 80);
CREATE INDEX contact_by_id ON whynow.contact (contact_id);
CREATE INDEX contact_by_address ON whynow.contact (email) WHERE email IS NOT NULL;
CREATE TABLE whynow.suppression (
	bucket smallint NOT NULL,
	key bytea NOT NULL,
	what text NOT NULL,
	reason text NOT NULL,
	since timestamptz NOT NULL,
	until timestamptz NOT NULL DEFAULT 'infinity',
	by_whom text NOT NULL DEFAULT '',
	CONSTRAINT suppression_pk PRIMARY KEY (bucket, key),
	CONSTRAINT suppression_bucket CHECK (bucket = ((get_byte(key, 0) << 8 | get_byte(key, 1)) & 1023)),
	CONSTRAINT suppression_key CHECK (octet_length(key) = 32),
	CONSTRAINT suppression_what CHECK (what IN ('address', 'domain')),
	CONSTRAINT suppression_reason CHECK (reason IN ('opt_out', 'do_not_contact', 'erased', 'bounce')));
CREATE TABLE whynow.fact_change (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	contact_id uuid NOT NULL,
	trait text NOT NULL,
	at timestamptz NOT NULL,
	on_day date NOT NULL,
	old jsonb,
	new jsonb,
	source text NOT NULL,
	CONSTRAINT fact_change_pk PRIMARY KEY (bucket, account_id, contact_id, trait, at, on_day),
	CONSTRAINT fact_change_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)))
	PARTITION BY RANGE (on_day);

-- -------------------------------------------------------------------------------------------------- bucketed: signals
CREATE TABLE whynow.seen (
	bucket smallint NOT NULL,
	sighting_key bytea NOT NULL,
	account_id uuid NOT NULL,
	content bytea NOT NULL,
	feed text NOT NULL,
	last_on date NOT NULL,
	CONSTRAINT seen_pk PRIMARY KEY (bucket, sighting_key),
	CONSTRAINT seen_bucket CHECK (bucket = ((get_byte(sighting_key, 0) << 8 | get_byte(sighting_key, 1)) & 1023)),
	CONSTRAINT seen_key CHECK (octet_length(sighting_key) = 32));
CREATE TABLE whynow.signal (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	signal_key uuid NOT NULL,
	received_on date NOT NULL,
	kind text NOT NULL,
	occurred_at timestamptz NOT NULL,
	published_at timestamptz,
	observed_at timestamptz NOT NULL,
	stored_at timestamptz NOT NULL,
	strength float8 NOT NULL,
	half_life interval NOT NULL,
	hard_stop timestamptz NOT NULL,
	publishers int NOT NULL,
	publisher_list jsonb NOT NULL,
	attrs jsonb NOT NULL,
	conflicts jsonb,
	headline text,
	url text,
	span text,
	feed text NOT NULL,
	contact_id uuid,
	history boolean NOT NULL,
	retracted boolean NOT NULL DEFAULT false,
	retracted_why text,
	CONSTRAINT signal_pk PRIMARY KEY (bucket, account_id, signal_key, received_on),
	CONSTRAINT signal_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT signal_strength CHECK (strength > 0 AND strength <= 1),
	CONSTRAINT signal_publishers CHECK (publishers > 0))
	PARTITION BY RANGE (received_on);
CREATE INDEX signal_newest ON whynow.signal (bucket, account_id, occurred_at);
CREATE TABLE whynow.sighting (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	sighting_key bytea NOT NULL,
	received_on date NOT NULL,
	signal_key uuid NOT NULL,
	feed text NOT NULL,
	item text NOT NULL,
	publisher text,
	source_named text,
	url text,
	headline text,
	occurred_at timestamptz NOT NULL,
	published_at timestamptz,
	observed_at timestamptz NOT NULL,
	span text,
	CONSTRAINT sighting_pk PRIMARY KEY (bucket, account_id, sighting_key, received_on),
	CONSTRAINT sighting_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT sighting_key_size CHECK (octet_length(sighting_key) = 32))
	PARTITION BY RANGE (received_on);
CREATE TABLE whynow.item_reject (
	bucket smallint NOT NULL,
	reject_id uuid NOT NULL,
	feed text NOT NULL,
	item text NOT NULL,
	reason text NOT NULL,
	detail text,
	excerpt text,
	first_at timestamptz NOT NULL,
	last_at timestamptz NOT NULL,
	times bigint NOT NULL DEFAULT 1,
	CONSTRAINT item_reject_pk PRIMARY KEY (bucket, reject_id),
	CONSTRAINT item_reject_bucket CHECK (bucket = ((get_byte(uuid_send(reject_id), 0) << 8 | get_byte(uuid_send(reject_id), 1)) & 1023)));
CREATE INDEX item_reject_newest ON whynow.item_reject (last_at);

-- ------------------------------------------------------------------------------------------------ bucketed: campaigns
CREATE TABLE whynow.campaign (
	bucket smallint NOT NULL,
	campaign_id uuid NOT NULL,
	group_id uuid NOT NULL,
	segment text NOT NULL,
	version int NOT NULL,
	group_values jsonb NOT NULL DEFAULT '[]',
	opening_signal uuid NOT NULL,
	opening_account uuid NOT NULL,
	state text NOT NULL,
	result text NOT NULL DEFAULT 'none',
	shadow boolean NOT NULL,
	proposed_at timestamptz,
	opened_at timestamptz,
	intake_ends_at timestamptz,
	max_ends_at timestamptz,
	closed_at timestamptz,
	live_until timestamptz,
	live_members int NOT NULL,
	audience int NOT NULL,
	members int NOT NULL,
	holdouts int NOT NULL,
	touched int NOT NULL,
	achieved int NOT NULL,
	converted int NOT NULL,
	due_at timestamptz NOT NULL,
	gen bigint NOT NULL,
	seal bytea NOT NULL,
	floor float8 NOT NULL,
	goal_metric text NOT NULL,
	goal_target float8 NOT NULL,
	goal_window interval NOT NULL,
	reviewed_final boolean NOT NULL DEFAULT false,
	cost float8 NOT NULL DEFAULT 0,
	CONSTRAINT campaign_pk PRIMARY KEY (bucket, campaign_id),
	CONSTRAINT campaign_bucket CHECK (bucket = ((get_byte(uuid_send(group_id), 0) << 8 | get_byte(uuid_send(group_id), 1)) & 1023)),
	CONSTRAINT campaign_state CHECK (state IN ('proposed', 'open', 'finishing', 'closed')),
	CONSTRAINT campaign_result CHECK (result IN ('none', 'converted', 'expired', 'emptied', 'boxed', 'cancelled')),
	CONSTRAINT campaign_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL) AND (state = 'closed') = (result <> 'none')),
	CONSTRAINT campaign_opened CHECK (state NOT IN ('open', 'finishing') OR (opened_at IS NOT NULL AND max_ends_at IS NOT NULL)),
	CONSTRAINT campaign_counts CHECK (live_members >= 0 AND audience >= 0 AND audience <= live_members AND live_members <= members),
	CONSTRAINT campaign_gen CHECK (gen > 0)) WITH (fillfactor = 50);
CREATE UNIQUE INDEX campaign_one_a_group ON whynow.campaign (bucket, segment, group_id) WHERE state IN ('proposed', 'open') AND NOT shadow;
CREATE UNIQUE INDEX campaign_one_shadow_a_group ON whynow.campaign (bucket, segment, group_id) WHERE state IN ('proposed', 'open') AND shadow;
CREATE INDEX campaign_by_id ON whynow.campaign (campaign_id);
CREATE INDEX campaign_by_group ON whynow.campaign (bucket, group_id);
CREATE INDEX campaign_due ON whynow.campaign (due_at) WHERE due_at < 'infinity';
CREATE INDEX campaign_alive ON whynow.campaign (segment, version) WHERE state <> 'closed';
CREATE TABLE whynow.member (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	campaign_id uuid NOT NULL,
	contact_id uuid NOT NULL,
	campaign_bucket smallint NOT NULL,
	segment text NOT NULL,
	version int NOT NULL,
	shadow boolean NOT NULL,
	holdout boolean NOT NULL,
	state text NOT NULL,
	left_why text,
	enrolled_at timestamptz NOT NULL,
	left_at timestamptz,
	signal_key uuid NOT NULL,
	heat float8 NOT NULL,
	box_ends_at timestamptz NOT NULL,
	stale_at timestamptz NOT NULL,
	first_touch_by timestamptz NOT NULL,
	blind_until timestamptz,
	finishing_fit boolean NOT NULL DEFAULT false,
	replied_hold boolean NOT NULL DEFAULT false,
	due_at timestamptz NOT NULL,
	touches_sent int NOT NULL DEFAULT 0,
	CONSTRAINT member_pk PRIMARY KEY (bucket, account_id, campaign_id, contact_id),
	CONSTRAINT member_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT member_state CHECK (state IN ('live', 'left')),
	CONSTRAINT member_left CHECK ((state = 'left') = (left_why IS NOT NULL) AND (state = 'left') = (left_at IS NOT NULL)),
	CONSTRAINT member_left_why CHECK (left_why IN ('stale', 'boxed', 'converted', 'replied_stop', 'opted_out', 'suppressed', 'departed',
		'no_longer_fits', 'retracted', 'merged', 'no_first_touch', 'cancelled', 'erased')),
	CONSTRAINT member_account FOREIGN KEY (bucket, account_id) REFERENCES whynow.account (bucket, account_id)) WITH (fillfactor = 50);
CREATE INDEX member_due ON whynow.member (due_at) WHERE state = 'live';
CREATE INDEX member_by_campaign ON whynow.member (campaign_id);
CREATE TABLE whynow.evidence (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	campaign_id uuid NOT NULL,
	contact_id uuid NOT NULL,
	signal_key uuid NOT NULL,
	kind text NOT NULL,
	occurred_at timestamptz NOT NULL,
	strength float8 NOT NULL,
	publishers int NOT NULL,
	half_life interval NOT NULL,
	hard_stop timestamptz NOT NULL,
	clause text NOT NULL DEFAULT '',
	removed boolean NOT NULL DEFAULT false,
	CONSTRAINT evidence_pk PRIMARY KEY (bucket, account_id, campaign_id, contact_id, signal_key),
	CONSTRAINT evidence_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT evidence_member FOREIGN KEY (bucket, account_id, campaign_id, contact_id)
		REFERENCES whynow.member (bucket, account_id, campaign_id, contact_id));
CREATE TABLE whynow.touch (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	campaign_id uuid NOT NULL,
	contact_id uuid NOT NULL,
	step int NOT NULL,
	channel text NOT NULL,
	sink text,
	state text NOT NULL,
	reason text,
	planned_at timestamptz NOT NULL,
	due_at timestamptz NOT NULL,
	valid_until timestamptz NOT NULL,
	claimed_at timestamptz,
	sent_at timestamptz,
	attempts int NOT NULL DEFAULT 0,
	token uuid,
	event_id uuid,
	variant text,
	rendered_hash bytea,
	CONSTRAINT touch_pk PRIMARY KEY (bucket, account_id, campaign_id, contact_id, step),
	CONSTRAINT touch_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT touch_state CHECK (state IN ('planned', 'deferred', 'yielded', 'held', 'sending', 'sent', 'failed', 'unknown', 'dropped', 'expired', 'cancelled')),
	CONSTRAINT touch_sending CHECK (state <> 'sending' OR (token IS NOT NULL AND event_id IS NOT NULL)),
	CONSTRAINT touch_sent CHECK (state <> 'sent' OR sent_at IS NOT NULL),
	CONSTRAINT touch_member FOREIGN KEY (bucket, account_id, campaign_id, contact_id)
		REFERENCES whynow.member (bucket, account_id, campaign_id, contact_id)) WITH (fillfactor = 50);
CREATE INDEX touch_due ON whynow.touch (due_at) WHERE state IN ('planned', 'deferred', 'yielded', 'held', 'sending');
CREATE INDEX touch_by_campaign ON whynow.touch (campaign_id);
CREATE TABLE whynow.non_action (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	segment text NOT NULL,
	signal_key uuid NOT NULL,
	reason text NOT NULL,
	clause text,
	detail text,
	at timestamptz NOT NULL,
	CONSTRAINT non_action_pk PRIMARY KEY (bucket, account_id, segment),
	CONSTRAINT non_action_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT non_action_reason CHECK (reason IN ('unknown', 'cooldown', 'audience_full', 'audience_below_min', 'no_contact', 'stale_on_arrival',
		'already_ran', 'proposed', 'spent_signal', 'excluded', 'suppressed', 'unknown_group', 'merged', 'shadow'))) WITH (fillfactor = 80);
CREATE TABLE whynow.recheck (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	segment text NOT NULL,
	signal_key uuid NOT NULL,
	due_at timestamptz NOT NULL,
	CONSTRAINT recheck_pk PRIMARY KEY (bucket, account_id, segment, signal_key),
	CONSTRAINT recheck_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)));
CREATE INDEX recheck_due ON whynow.recheck (due_at);
CREATE TABLE whynow.outcome (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	outcome_key uuid NOT NULL,
	contact_id uuid,
	campaign_id uuid,
	kind text NOT NULL,
	occurred_at timestamptz NOT NULL,
	stored_at timestamptz NOT NULL,
	value_usd float8,
	cost_usd float8,
	attributed jsonb NOT NULL DEFAULT '{}',
	source text NOT NULL,
	CONSTRAINT outcome_pk PRIMARY KEY (bucket, account_id, outcome_key),
	CONSTRAINT outcome_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)));
CREATE TABLE whynow.subject_counter (
	bucket smallint NOT NULL,
	subject_id uuid NOT NULL,
	subject text NOT NULL,
	name text NOT NULL,
	gen bigint NOT NULL,
	CONSTRAINT subject_counter_pk PRIMARY KEY (bucket, subject_id),
	CONSTRAINT subject_counter_bucket CHECK (bucket = ((get_byte(uuid_send(subject_id), 0) << 8 | get_byte(uuid_send(subject_id), 1)) & 1023)));
CREATE TABLE whynow.history (
	bucket smallint NOT NULL,
	bucketed_by uuid NOT NULL,
	subject_id uuid NOT NULL,
	gen bigint NOT NULL,
	on_day date NOT NULL,
	at timestamptz NOT NULL,
	subject text NOT NULL,
	type text NOT NULL,
	from_state text,
	to_state text,
	why text,
	account_id uuid,
	contact_id uuid,
	step int,
	event_id uuid NOT NULL,
	sinks text[] NOT NULL DEFAULT '{}',
	data jsonb NOT NULL DEFAULT '{}',
	actor text NOT NULL,
	instance text NOT NULL,
	CONSTRAINT history_pk PRIMARY KEY (bucket, subject_id, gen, on_day),
	CONSTRAINT history_bucket CHECK (bucket = ((get_byte(uuid_send(bucketed_by), 0) << 8 | get_byte(uuid_send(bucketed_by), 1)) & 1023)),
	CONSTRAINT history_gen CHECK (gen > 0))
	PARTITION BY RANGE (on_day);
CREATE INDEX history_by_account ON whynow.history (account_id, at);
CREATE TABLE whynow.outbox (
	bucket smallint NOT NULL,
	bucketed_by uuid NOT NULL,
	event_id uuid NOT NULL,
	sink text NOT NULL,
	campaign_id uuid,
	subject_id uuid NOT NULL,
	gen bigint NOT NULL,
	type text NOT NULL,
	subject text NOT NULL,
	at timestamptz NOT NULL,
	payload jsonb NOT NULL,
	state text NOT NULL,
	next_at timestamptz NOT NULL,
	attempts int NOT NULL DEFAULT 0,
	first_at timestamptz,
	done_at timestamptz,
	lease_token uuid,
	account_id uuid,
	contact_id uuid,
	step int NOT NULL DEFAULT -1,
	last_error text,
	CONSTRAINT outbox_pk PRIMARY KEY (bucket, event_id, sink),
	CONSTRAINT outbox_bucket CHECK (bucket = ((get_byte(uuid_send(bucketed_by), 0) << 8 | get_byte(uuid_send(bucketed_by), 1)) & 1023)),
	CONSTRAINT outbox_state CHECK (state IN ('pending', 'leased', 'delivered', 'dead', 'cancelled')),
	CONSTRAINT outbox_leased CHECK (state <> 'leased' OR lease_token IS NOT NULL),
	CONSTRAINT outbox_touch CHECK ((type = 'touch.due') = (step >= 0)),
	CONSTRAINT outbox_campaign FOREIGN KEY (bucket, campaign_id) REFERENCES whynow.campaign (bucket, campaign_id)) WITH (fillfactor = 50);
CREATE INDEX outbox_due ON whynow.outbox (next_at) WHERE state IN ('pending', 'leased') AND step < 0;
CREATE INDEX outbox_line ON whynow.outbox (bucket, subject_id, sink, gen) WHERE state IN ('pending', 'leased');
CREATE INDEX outbox_dead ON whynow.outbox (sink) WHERE state = 'dead';
CREATE INDEX outbox_done ON whynow.outbox (done_at) WHERE state IN ('delivered', 'cancelled');
CREATE TABLE whynow.review (
	bucket smallint NOT NULL,
	bucketed_by uuid NOT NULL,
	campaign_id uuid NOT NULL,
	final boolean NOT NULL,
	at timestamptz NOT NULL,
	metric text NOT NULL,
	target float8 NOT NULL,
	audience int NOT NULL,
	touched int NOT NULL,
	achieved int NOT NULL,
	rate float8 NOT NULL,
	low float8 NOT NULL,
	high float8 NOT NULL,
	verdict text NOT NULL,
	CONSTRAINT review_pk PRIMARY KEY (bucket, campaign_id, final),
	CONSTRAINT review_bucket CHECK (bucket = ((get_byte(uuid_send(bucketed_by), 0) << 8 | get_byte(uuid_send(bucketed_by), 1)) & 1023)),
	CONSTRAINT review_verdict CHECK (verdict IN ('met', 'missed', 'not enough data')),
	CONSTRAINT review_campaign FOREIGN KEY (bucket, campaign_id) REFERENCES whynow.campaign (bucket, campaign_id));
CREATE TABLE whynow.lesson (
	bucket smallint NOT NULL,
	bucketed_by uuid NOT NULL,
	campaign_id uuid NOT NULL,
	at timestamptz NOT NULL,
	by_whom text NOT NULL,
	text text NOT NULL,
	CONSTRAINT lesson_pk PRIMARY KEY (bucket, campaign_id, at),
	CONSTRAINT lesson_bucket CHECK (bucket = ((get_byte(uuid_send(bucketed_by), 0) << 8 | get_byte(uuid_send(bucketed_by), 1)) & 1023)),
	CONSTRAINT lesson_campaign FOREIGN KEY (bucket, campaign_id) REFERENCES whynow.campaign (bucket, campaign_id));
