-- What every table and column means. The schema is a public interface; a test refuses a column without a comment.
COMMENT ON SCHEMA whynow IS 'whynow: signals, segments, micro campaigns. Ids are content-derived; times are UTC instants; bucket is a pure function of the key it is checked against.';
DO $comments$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT * FROM (VALUES
		('schema_version', 'applied migrations (local)'), ('installation', 'this database: which key and which server (local)'),
		('instance', 'running daemons (local)'), ('lease', 'who polls which feed and owns which buckets; saves work, guards nothing (local)'),
		('feed_state', 'what polling a feed has taught: validators, cursor, next poll and why, totals (local)'),
		('feed_poll', 'one row for each move of a feed''s cursor, with the fate of every item (local)'),
		('feed_gap', 'spans in which a feed could not have reported (local)'),
		('kind', 'types of signals, as of the files (reference)'), ('trait', 'traits of accounts and contacts, as of the files (reference)'),
		('feed', 'feeds, as of the files (reference)'), ('sink', 'sinks, as of the files (reference)'),
		('sequence', 'stored sequences of touches (reference)'), ('segment', 'withdrawn and paused flags of segments (reference)'),
		('segment_version', 'published versions of segments; source and definition are insert-only (reference)'),
		('pause', 'scope '''' while all touches are held (reference)'), ('fx_rate', 'US dollars for one unit of a currency, by day (reference)'),
		('account', 'companies and persons without a company (bucketed by account)'), ('account_alias', 'normalised names and domains that mean an account (bucketed by alias)'),
		('account_review', 'sightings whose account is not clear, with candidates (bucketed by review)'), ('contact', 'persons at accounts (bucketed by account)'),
		('suppression', 'who must not be contacted, by keyed hash (bucketed by hash)'), ('fact_change', 'what was known when: changes of traits and fields (bucketed by account, by month)'),
		('seen', 'every sighting key ever taken: what decides that a report is new (bucketed by key)'), ('signal', 'facts about accounts (bucketed by account, by month)'),
		('sighting', 'reports of signals (bucketed by account, by month)'), ('item_reject', 'items that could not be used, and why (bucketed by reject)'),
		('campaign', 'time-boxed waves of a segment (bucketed by group)'), ('member', 'who is enrolled because of which evidence (bucketed by account)'),
		('evidence', 'signals that made a rule true for a member, as copied then (bucketed by account)'), ('touch', 'steps of the sequence for a member (bucketed by account)'),
		('non_action', 'the newest verdict of a segment about an account that did nothing (bucketed by account)'), ('recheck', 'instants at which a rule may come true by time alone (bucketed by account)'),
		('outcome', 'what came back (bucketed by account)'), ('subject_counter', 'gens of subjects outside campaigns (bucketed by subject)'),
		('history', 'append-only: every event of campaigns, members, touches, feeds, segments, accounts (bucketed like its subject, by month)'),
		('outbox', 'events on their way to sinks (bucketed by campaign)'), ('review', 'results against the goal set before launch (bucketed by campaign)'),
		('lesson', 'what was learned, shown at the next opening (bucketed by campaign)')) AS t(tab, what)
	LOOP
		EXECUTE format('COMMENT ON TABLE whynow.%I IS %L', c.tab, c.what);
	END LOOP;
	-- columns that mean the same everywhere
	FOR c IN SELECT a.attrelid::regclass AS tab, a.attname AS col, w.what FROM pg_attribute a JOIN pg_class k ON k.oid = a.attrelid
		JOIN (VALUES ('bucket', '0..1023, by CHECK a function of the id that the row is bucketed by'), ('bucketed_by', 'the id that gives the bucket: the campaign''s group, or the subject itself'),
		('account_id', 'account'), ('contact_id', 'contact; nil: the account itself'), ('campaign_id', 'campaign'), ('signal_key', 'signal'), ('segment', 'name of the segment'),
		('version', 'version'), ('feed', 'name of the feed'), ('item', 'identity of the item in its feed'), ('name', 'name'), ('kind', 'kind'),
		('state', 'state'), ('reason', 'reason, one word'), ('traits', 'map trait -> {v, source, by, at}'), ('at', 'when'), ('on_day', 'UTC day of `at`: the partition'),
		('received_on', 'UTC day on which we stored it: the partition'), ('occurred_at', 'when it happened'), ('published_at', 'when it was published, if known'),
		('observed_at', 'when we read it'), ('stored_at', 'when we stored it; one instant a batch'), ('headline', 'headline, plain text'), ('url', 'where to read it'),
		('span', 'text it was read from'), ('strength', 'kind''s times feed''s strength, 0..1'), ('half_life', 'after this long half of the weight is left'),
		('hard_stop', 'instant from which the weight is 0'), ('publishers', 'independent publishers, at least 1'), ('shadow', 'written by a segment in mode shadow: no touches, no caps'),
		('due_at', 'lazy timer: never later than the next instant that matters'), ('gen', 'number of the newest event of the subject'), ('event_id', 'stable id of the event, the same at every attempt'),
		('definition', 'as of the file, plain JSON'), ('checksum', 'SHA-256 of the meaning'), ('enabled', 'false: no file names it any more'), ('changed_at', 'when the definition last changed'),
		('next_at', 'next attempt'), ('attempts', 'attempts so far'), ('step', 'step of the sequence, from 0'), ('sink', 'name of the sink'), ('source', 'where from'), ('why', 'reason, for people'),
		('items', 'items seen'), ('stored', 'items stored as new sightings'), ('duplicate', 'items seen before'), ('edited', 'items seen before that say something else now'),
		('review', 'items in the account review queue'), ('rejected', 'items that could not be used'), ('filtered', 'items that the feed''s filter left out'),
		('signals', 'signals opened'), ('bytes', 'decoded bytes'), ('subject', 'campaign | member | touch | review | account | feed | segment'), ('subject_id', 'campaign, account, or hash of subject and name'),
		('type', 'event type'), ('holdout', 'enrolled and measured, never touched'), ('by_whom', 'who')) AS w(col, what) ON w.col = a.attname
		WHERE k.relnamespace = 'whynow'::regnamespace AND k.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
	LOOP
		EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', c.tab, c.col, c.what);
	END LOOP;
	FOR c IN SELECT split_part(k, '.', 1) AS tab, split_part(k, '.', 2) AS col, what FROM (VALUES
		('schema_version.applied_at', 'when it was applied'), ('schema_version.checksum', 'SHA-256 of the migration''s text'),
		('installation.one', 'true: there is one row'), ('installation.key_check', 'check value of the installation key'),
		('installation.system_identifier', 'highest system identifier seen'), ('installation.timeline', 'highest timeline seen'), ('installation.outbox_pruned_to', 'delivered events before this are deleted'),
		('instance.started_at', 'start of the process'), ('instance.heartbeat_at', 'last heartbeat'), ('instance.status', 'what it said of itself'),
		('lease.owner', 'instance'), ('lease.until', 'end of the lease'),
		('feed_state.version', 'compare-and-set: grows by one with each poll'), ('feed_state.etag', 'ETag, byte for byte'), ('feed_state.last_modified', 'Last-Modified, byte for byte'),
		('feed_state.cursor', 'where the next poll goes on'), ('feed_state.why', 'why next_at is when it is'), ('feed_state.last_at', 'last poll'), ('feed_state.last_good_at', 'last good poll'),
		('feed_state.good_since', 'first good poll'), ('feed_state.first_done', 'the first good poll is over; its old items are history'), ('feed_state.blind_since', 'since when no good poll came in time'),
		('feed_state.last_status', 'HTTP status of the last poll'), ('feed_state.last_error', 'error of the last poll, in words'), ('feed_state.rate_at', 'schedule: when the rate was decayed'),
		('feed_state.rate', 'schedule: decayed number of new items'), ('feed_state.weight', 'schedule: decayed seconds watched'), ('feed_state.worth', 'schedule: share of new items that become signals'),
		('feed_state.failures', 'failures in a row'), ('feed_state.gone', '410 answers in a row'), ('feed_state.polls', 'polls'), ('feed_state.failed', 'polls without a good answer'),
		('feed_state.pruned', 'seen keys of this feed deleted by retention'), ('feed_state.extra', 'the poller''s own'), ('feed_poll.result', 'how the poll ended'), ('feed_poll.status', 'HTTP status'),
		('feed_poll.version', 'feed_state.version after this poll'), ('feed_gap.kind', 'kind, empty for all that the feed reports'), ('feed_gap.from_at', 'start'), ('feed_gap.to_at', 'end, null while open'),
		('segment.withdrawn_at', 'withdrawn: opens nothing any more'), ('segment.withdrawn_by', 'who withdrew it'), ('segment.paused_at', 'its touches are held'), ('segment.paused_by', 'who paused it'),
		('segment_version.source', 'YAML as applied'), ('segment_version.definition', 'canonical JSON, null if published by plain SQL'), ('segment_version.published_by', 'who'),
		('segment_version.status', 'unchecked | valid | invalid'), ('segment_version.error', 'why it was refused'), ('segment_version.checked_at', 'when it was compiled'),
		('pause.scope', 'empty: everything'), ('pause.paused_at', 'since'), ('pause.paused_by', 'who'), ('fx_rate.day', 'day'), ('fx_rate.currency', 'ISO 4217'), ('fx_rate.usd', 'dollars for one unit'),
		('account.domain', 'registrable domain, lower case'), ('account.name_key', 'normalised name'), ('account.state', 'known | provisional (name only: touches held) | person | merged'),
		('account.merged_into', 'survivor'), ('account.merged_from', 'accounts whose signals are shown here'), ('account.known_since', 'when we first heard of it'),
		('account_alias.alias_id', 'hash of kind and alias'), ('account_alias.alias', 'normalised name or domain'), ('account_alias.kind', 'name | domain'),
		('account_review.review_id', 'hash of the sighting'), ('account_review.domain', 'domain it named'), ('account_review.email', 'address it named'), ('account_review.candidates', 'accounts it might be, with scores'),
		('account_review.sighting', 'what would have been stored'), ('account_review.resolved_at', 'when somebody decided'),
		('contact.email', 'address, lower case'), ('contact.position', 'position as given'), ('contact.department', 'department from the table of positions'), ('contact.level', '1 staff .. 7 board, 0 unknown'),
		('contact.time_zone', 'zone name'), ('contact.consent', 'basis of consent'), ('contact.subject', 'named by a signal, no address'), ('contact.departed', 'left the account'), ('contact.erased', 'forgotten on request'), ('contact.since', 'known since'),
		('suppression.key', 'HMAC of the address or domain'), ('suppression.what', 'address | domain'), ('suppression.since', 'from'), ('suppression.until', 'to'),
		('fact_change.trait', 'trait, or field of the row'), ('fact_change.old', 'value before, null: none'), ('fact_change.new', 'value after, null: none'),
		('seen.sighting_key', 'SHA-256 of feed, item and place'), ('seen.content', 'hash of what the sighting said'), ('seen.last_on', 'day it was last in the feed, roughly'),
		('signal.publisher_list', 'publishers: d domain, h headline key, s source it names'), ('signal.attrs', 'typed attributes of the kind'), ('signal.conflicts', 'values of other sightings that differ'),
		('signal.history', 'older than its kind''s first touch at the feed''s first poll: counts, opens nothing'), ('signal.retracted', 'never matched again'), ('signal.retracted_why', 'who retracted it and why'), ('signal.feed', 'feed of the first sighting'), ('signal.contact_id', 'person it is about'),
		('sighting.sighting_key', 'see seen'), ('sighting.publisher', 'registrable domain'), ('sighting.source_named', 'publisher it names as its source'),
		('item_reject.reject_id', 'hash of feed, item, reason'), ('item_reject.detail', 'what was wrong'), ('item_reject.excerpt', 'beginning of the item'), ('item_reject.first_at', 'first time'), ('item_reject.last_at', 'last time'), ('item_reject.times', 'how often'),
		('campaign.group_id', 'hash of segment and group values'), ('campaign.group_values', 'values of group_by'), ('campaign.opening_signal', 'signal that opened it'), ('campaign.opening_account', 'account that opened it'),
		('campaign.state', 'proposed | open | finishing | closed'), ('campaign.result', 'none | converted | expired | emptied | boxed | cancelled'), ('campaign.proposed_at', 'proposed'), ('campaign.opened_at', 'opened'),
		('campaign.intake_ends_at', 'takes new members until'), ('campaign.max_ends_at', 'never lives longer'), ('campaign.closed_at', 'closed'), ('campaign.live_until', 'latest end of its members at the last change'),
		('campaign.live_members', 'members that live'), ('campaign.audience', 'live members without holdouts'), ('campaign.members', 'ever enrolled'), ('campaign.holdouts', 'ever held out'), ('campaign.touched', 'with a touch sent'),
		('campaign.achieved', 'goal reached'), ('campaign.converted', 'left converted'), ('campaign.seal', 'hash of goal and metric at opening'), ('campaign.floor', 'heat below which a member is stale'),
		('campaign.goal_metric', 'metric'), ('campaign.goal_target', 'target, 0..1'), ('campaign.goal_window', 'how long results count after closing'), ('campaign.reviewed_final', 'the final review is written'), ('campaign.cost', 'US dollars spent'),
		('member.campaign_bucket', 'bucket of the campaign'), ('member.left_why', 'stale | boxed | converted | ...'), ('member.enrolled_at', 'enrolled'), ('member.left_at', 'left'), ('member.signal_key', 'signal that enrolled it'),
		('member.heat', 'heat at the last change; falls by itself'), ('member.box_ends_at', 'end of its box'), ('member.stale_at', 'first instant its heat is under the floor'), ('member.first_touch_by', 'leaves then unless a touch was sent'),
		('member.blind_until', 'held because every feed that could tell is blind'), ('member.finishing_fit', 'no longer fits; leaves when its last touch is final'), ('member.replied_hold', 'a colleague replied: touches held'), ('member.touches_sent', 'touches sent'),
		('evidence.clause', 'term of the rule that it made true'), ('evidence.removed', 'retracted: counts for nothing'),
		('touch.channel', 'channel'), ('touch.state', 'planned | deferred | yielded | held | sending | sent | failed | unknown | dropped | expired | cancelled'), ('touch.planned_at', 'planned for'), ('touch.valid_until', 'not sent later'),
		('touch.claimed_at', 'decision of the last attempt'), ('touch.sent_at', 'sent'), ('touch.token', 'of the running attempt'), ('touch.variant', 'variant chosen'), ('touch.rendered_hash', 'SHA-256 of what was sent'),
		('non_action.clause', 'first clause that was unknown'), ('non_action.detail', 'in words'), ('outcome.outcome_key', 'hash of what it says'), ('outcome.value_usd', 'worth'), ('outcome.cost_usd', 'cost'), ('outcome.attributed', 'first and last touch'),
		('history.from_state', 'state before'), ('history.to_state', 'state after'), ('history.sinks', 'sinks that were to get the event'), ('history.data', 'the event''s data'), ('history.actor', 'feed, sweeper, operator ...'), ('history.instance', 'daemon or program'),
		('outbox.payload', 'the event''s data'), ('outbox.state', 'pending | leased | delivered | dead | cancelled'), ('outbox.next_at', 'next attempt, or end of the lease'), ('outbox.first_at', 'first attempt'), ('outbox.done_at', 'delivered, dead or cancelled'),
		('outbox.lease_token', 'of the running attempt'), ('outbox.last_error', 'error of the last attempt'), ('outbox.step', 'touch.due: step of the sequence; else -1'),
		('review.final', 'false at closing, true when the goal window ended'), ('review.metric', 'metric'), ('review.target', 'target'), ('review.audience', 'audience'), ('review.touched', 'with a touch sent'), ('review.achieved', 'reached the goal'),
		('review.rate', 'achieved / touched'), ('review.low', 'Wilson 95 %, lower'), ('review.high', 'Wilson 95 %, upper'), ('review.verdict', 'met | missed | not enough data'), ('lesson.text', 'the lesson')) AS t(k, what)
	LOOP
		EXECUTE format('COMMENT ON COLUMN whynow.%I.%I IS %L', c.tab, c.col, c.what);
	END LOOP;
END $comments$;
