-- What came back: outcomes credited to enrolments, the way in for plain SQL, what was said, reviews with holdouts and cost.
ALTER TABLE whynow.campaign ADD COLUMN holdout_achieved int NOT NULL DEFAULT 0;
ALTER TABLE whynow.member ADD COLUMN replied boolean NOT NULL DEFAULT false, ADD COLUMN reached_at timestamptz;
ALTER TABLE whynow.touch ADD COLUMN said_subject text, ADD COLUMN said_text text;
CREATE INDEX touch_event ON whynow.touch (event_id) WHERE event_id IS NOT NULL;
ALTER TABLE whynow.review ADD COLUMN holdouts int NOT NULL DEFAULT 0, ADD COLUMN holdout_achieved int NOT NULL DEFAULT 0,
	ADD COLUMN cost_usd float8 NOT NULL DEFAULT 0;
ALTER TABLE whynow.outcome ADD COLUMN note text,
	ADD CONSTRAINT outcome_kind CHECK (kind IN ('reply', 'click', 'meeting', 'opportunity', 'purchase', 'signup', 'trial', 'conversion', 'churn', 'cost',
		'bounce', 'unsubscribe')),
	ADD CONSTRAINT outcome_money CHECK (coalesce(value_usd, 0) >= 0 AND coalesce(cost_usd, 0) >= 0);
CREATE INDEX outcome_by_key ON whynow.outcome (outcome_key);
ALTER TABLE whynow.suppression DROP CONSTRAINT suppression_what, ADD CONSTRAINT suppression_what CHECK (what IN ('address', 'domain', 'person'));
CREATE TABLE whynow.outcome_credit (
	bucket smallint NOT NULL,
	account_id uuid NOT NULL,
	outcome_key uuid NOT NULL,
	campaign_id uuid NOT NULL,
	contact_id uuid NOT NULL,
	campaign_bucket smallint NOT NULL,
	step int NOT NULL,
	reached boolean NOT NULL,
	first boolean NOT NULL,
	last boolean NOT NULL,
	CONSTRAINT outcome_credit_pk PRIMARY KEY (bucket, account_id, outcome_key, campaign_id),
	CONSTRAINT outcome_credit_bucket CHECK (bucket = ((get_byte(uuid_send(account_id), 0) << 8 | get_byte(uuid_send(account_id), 1)) & 1023)),
	CONSTRAINT outcome_credit_outcome FOREIGN KEY (bucket, account_id, outcome_key) REFERENCES whynow.outcome (bucket, account_id, outcome_key),
	CONSTRAINT outcome_credit_member FOREIGN KEY (bucket, account_id, campaign_id, contact_id)
		REFERENCES whynow.member (bucket, account_id, campaign_id, contact_id));
CREATE INDEX outcome_credit_campaign ON whynow.outcome_credit (campaign_id);
-- Rows are put here by plain SQL and by feeds; a daemon takes them in and writes what became of each.
CREATE TABLE whynow.outcome_inbox (
	inbox_id uuid NOT NULL DEFAULT gen_random_uuid(),
	kind text NOT NULL,
	account text,
	email text,
	campaign text,
	touch text,
	occurred_at timestamptz,
	value_usd float8,
	cost_usd float8,
	source text NOT NULL DEFAULT 'sql',
	id text,
	note text,
	put_at timestamptz NOT NULL DEFAULT now(),
	state text NOT NULL DEFAULT 'new',
	why text,
	done_at timestamptz,
	CONSTRAINT outcome_inbox_pk PRIMARY KEY (inbox_id),
	CONSTRAINT outcome_inbox_state CHECK (state IN ('new', 'stored', 'duplicate', 'refused')));
CREATE INDEX outcome_inbox_new ON whynow.outcome_inbox (put_at, inbox_id) WHERE state = 'new';
CREATE VIEW whynow.v_outcome AS
	SELECT o.outcome_key, o.kind, o.occurred_at, o.stored_at, o.account_id, coalesce(a.domain, a.name) AS account, o.contact_id, o.value_usd, o.cost_usd,
		o.source, k.campaign_id, c.segment, k.step + 1 AS after_step, k.reached, k.first AS first_touch, k.last AS last_touch
	FROM whynow.outcome o JOIN whynow.account a ON a.bucket = o.bucket AND a.account_id = o.account_id
	LEFT JOIN whynow.outcome_credit k ON k.bucket = o.bucket AND k.account_id = o.account_id AND k.outcome_key = o.outcome_key
	LEFT JOIN whynow.campaign c ON c.bucket = k.campaign_bucket AND c.campaign_id = k.campaign_id;
COMMENT ON VIEW whynow.v_outcome IS 'What came back, one row for each enrolment it is credited to';
COMMENT ON TABLE whynow.outcome_credit IS 'to which enrolment of which campaign an outcome is credited (bucketed by account)';
COMMENT ON TABLE whynow.outcome_inbox IS 'outcomes on their way in: INSERT here; a daemon writes what became of each (local)';
DO $comments$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT split_part(k, '.', 1) AS tab, split_part(k, '.', 2) AS col, what FROM (VALUES
		('campaign.holdout_achieved', 'held out, and reached the goal all the same'), ('member.replied', 'the contact replied: nothing more is planned'),
		('member.reached_at', 'first outcome that reached the goal'), ('touch.said_subject', 'subject as sent'), ('touch.said_text', 'text as sent'),
		('review.holdouts', 'ever held out'), ('review.holdout_achieved', 'of these with the goal reached'), ('review.cost_usd', 'US dollars spent'),
		('outcome.note', 'in words'), ('outcome_credit.bucket', '0..1023, by CHECK a function of the account'), ('outcome_credit.account_id', 'account'),
		('outcome_credit.outcome_key', 'outcome'), ('outcome_credit.campaign_id', 'campaign'), ('outcome_credit.contact_id', 'the member; nil: the account itself'),
		('outcome_credit.campaign_bucket', 'bucket of the campaign'), ('outcome_credit.step', 'last touch sent before it, from 0; -1 none'),
		('outcome_credit.reached', 'it reached the goal of the campaign'), ('outcome_credit.first', 'the first touch before it was of this campaign'),
		('outcome_credit.last', 'the last touch before it was of this campaign'), ('outcome_inbox.inbox_id', 'of the row'),
		('outcome_inbox.kind', 'reply | click | meeting | opportunity | purchase | signup | trial | conversion | churn | cost | bounce | unsubscribe'),
		('outcome_inbox.account', 'domain or name; may be left out if email, campaign or touch says it'), ('outcome_inbox.email', 'address of the person'),
		('outcome_inbox.campaign', 'campaign id, if it is known'), ('outcome_inbox.touch', 'id of the touch''s event, if it is known'),
		('outcome_inbox.occurred_at', 'when it happened; null: now'), ('outcome_inbox.value_usd', 'worth'), ('outcome_inbox.cost_usd', 'cost'),
		('outcome_inbox.source', 'where it comes from'), ('outcome_inbox.id', 'its id there: the same id again is the same outcome'), ('outcome_inbox.note', 'in words'),
		('outcome_inbox.put_at', 'when it was put here'), ('outcome_inbox.state', 'new | stored | duplicate | refused'), ('outcome_inbox.why', 'why it was refused'),
		('outcome_inbox.done_at', 'when it was taken in')) AS t(k, what)
	LOOP
		EXECUTE format('COMMENT ON COLUMN whynow.%I.%I IS %L', c.tab, c.col, c.what);
	END LOOP;
END $comments$;
