/* SPDX-License-Identifier: MIT */
/*
 * The store: SQL's only home. Named statements (lib/store/sql), rows <-> structs, migrations, and the transactions that
 * keep the promises: exactly-once effect inside, at least once outside.
 *
 * A store is one PostgreSQL session with the installation key. Calls wait as pg.h says (a fiber yields, elsewhere they
 * block). One user at a time: fibers that share a store take its turn around begin ... commit.
 *
 * A unit of work, always in this order (it is the lock order: accounts, campaigns, member, touch, the rest; within a table
 * by bucket, key):
 *
 *   for each attempt, with a new world:
 *     wn_store_begin
 *     wn_store_resolve, wn_store_sightings       a batch of a feed; or wn_store_load_accounts
 *     wn_store_load_parts                        what the rules are about to read, for the accounts that need it
 *     engine: verdicts                           (pure)
 *     wn_store_load_campaigns                    of the verdicts' groups and of the live members
 *     engine: steps, decisions                   (pure)
 *     wn_store_flush                             every dirty and fresh row, history, outbox
 *     wn_store_feed_moves                        the feed's cursor, compare-and-set, in the same transaction
 *     wn_store_commit
 *   WN_AGAIN, WN_UNKNOWN: wn_store_rollback, then the whole unit again from the start (every statement is written so
 *   that running it a second time is a no-op). Anything else: wn_store_rollback, give up, tell.
 *
 * Times are microseconds since 1970 UTC; no statement asks the server what time it is for a decision: `now_us` is bound.
 *
 * Failpoints of this module (failpoint.h), in the order of a unit of work:
 *   store.begin              after BEGIN was queued
 *   store.resolve            accounts are chosen, nothing is locked
 *   store.accounts.created   new account rows are inserted
 *   store.accounts.locked    account rows are locked and read
 *   store.seen               sighting keys are inserted
 *   store.sightings          sightings have joined or opened signals, in memory
 *   store.campaigns.locked   campaign rows are locked and read
 *   store.flush.start        nothing of the world is written yet
 *   store.flush.signals      accounts, contacts, signals and sightings are sent
 *   store.flush.campaigns    campaigns are sent
 *   store.flush.members      members, evidence and touches are sent
 *   store.flush.history      history is sent, outbox is not
 *   store.flush.end          everything of the world is written, not committed
 *   store.feed.moved         the cursor is moved, not committed
 *   store.commit.before      COMMIT is about to be sent
 *   store.commit.after       COMMIT was answered
 *   store.outbox.claimed     rows are leased (committed), nothing is sent
 *   store.outbox.done        a result is about to be written
 *   store.outbox.marked      the result is committed
 *   store.import             a block of an import is written, not committed
 *   store.publish            a segment version is inserted, not committed
 * Planted bugs (test builds): outbox_skip, cursor_early, check_then_insert.
 */
#ifndef WHYNOW_STORE_H
#define WHYNOW_STORE_H

#include <whynow/engine.h>
#include <whynow/fiber.h>
#include <whynow/pg.h>
#include <whynow/schedule.h>

struct wn_store;
struct wn_store_options {
	struct wn_str key;      /* installation key, WN_STORE_KEY bytes; absent: what needs it is WN_REFUSED */
	const char *instance;   /* for history and leases; copied */
};
enum { WN_STORE_KEY = 32 };
/* Borrows the session, which may be unconnected yet and may be reconnected. Gives. */
struct wn_store *wn_store_new(struct wn_pg *pg, const struct wn_store_options *opt);
void wn_store_free(struct wn_store *s);
void wn_store_freep(struct wn_store **s);
struct wn_pg *wn_store_pg(struct wn_store *s);
struct wn_turn *wn_store_turn(struct wn_store *s);
struct wn_str wn_store_key(const struct wn_store *s);

enum wn_rc wn_store_begin(struct wn_store *s, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_commit(struct wn_store *s, struct wn_err *err) WN_MUST_CHECK;
void wn_store_rollback(struct wn_store *s);
/* Queues a hint for listeners of channel "whynow" (delivered at commit); at most once a transaction is sent. */
enum wn_rc wn_store_notify(struct wn_store *s, const char *what, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------- schema and set-up */
struct wn_schema_status { int have, want; /* 0: no schema */ };
/* WN_OK: the schema is the one this program was built for. WN_REFUSED: older, newer or changed by hand; the text says which command to
 * run. A database without the schema is have = 0 and WN_REFUSED. *out (may be NULL) is filled in both cases. */
enum wn_rc wn_store_schema_check(struct wn_store *s, struct wn_schema_status *out, struct wn_err *err) WN_MUST_CHECK;
/* Applies what is missing, one transaction for all, under an advisory lock; forward only; grants are renewed. *applied: how many. */
enum wn_rc wn_store_migrate(struct wn_store *s, int *applied, struct wn_err *err) WN_MUST_CHECK;
struct wn_migration { int version; const char *name; const char *sql; };
const struct wn_migration *wn_store_migrations(size_t *n); /* ascending, embedded */

/* What `db init` does, in order: statements with a sentence each; those whose `unless` query finds a row are done already. */
struct wn_init_step {
	bool on_server;      /* run while connected to the maintenance database, else to the new one */
	const char *what;    /* "role whynow_daemon" */
	const char *sql;
	const char *unless;  /* query; NULL: always run (idempotent) */
};
struct wn_init_options {
	const char *database;       /* "whynow" */
	const char *daemon_login;   /* login role (by peer: the operating system user) that acts as whynow_daemon; NULL: none */
	const char *operator_login;
};
/* Statements live in `a`. WN_INVALID for names that are no plain words. */
enum wn_rc wn_store_init_steps(const struct wn_init_options *opt, struct wn_arena *a, const struct wn_init_step **steps,
			       size_t *n, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_init_run(struct wn_pg *pg, const struct wn_init_step *step, bool *ran, struct wn_err *err) WN_MUST_CHECK;
/* Installation key file: 64 hex digits and a newline, mode 0600. make: WN_EXISTS if there is one (left as it is). */
enum wn_rc wn_store_key_make(const char *path, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_key_parse(struct wn_str text, uint8_t out[32], struct wn_err *err) WN_MUST_CHECK;
/* The database remembers a check value of the first key it met: another key is WN_REFUSED (ids would differ). */
enum wn_rc wn_store_key_check(struct wn_store *s, struct wn_err *err) WN_MUST_CHECK;

/* Which server this is. A lower timeline (or system identifier) than the highest seen is an old primary: WN_REFUSED. *highest
 * is kept by the caller over reconnects (zeroed at start) and raised here; the highest ever seen is also kept in the database. */
struct wn_db_identity { uint64_t system; uint32_t timeline; };
enum wn_rc wn_store_identity_check(struct wn_store *s, struct wn_db_identity *highest, struct wn_err *err) WN_MUST_CHECK;

/* Makes the partitions for [now, now + ahead]; the only DDL of a running daemon. *made may be NULL. */
enum wn_rc wn_store_partitions(struct wn_store *s, int64_t now_us, int64_t ahead_us, int *made, struct wn_err *err) WN_MUST_CHECK;
/* Drops partitions that lie wholly before the instant; table: signal | sighting | history | fact_change. */
enum wn_rc wn_store_partitions_drop(struct wn_store *s, const char *table, int64_t before_us, int *dropped,
				    struct wn_err *err) WN_MUST_CHECK;
/* Drops the months of signals, sightings and fact changes, and those of history, that end before the instants and that no living campaign
 * rests on. *dropped (may be NULL) partitions. */
enum wn_rc wn_store_retain(struct wn_store *s, int64_t signals_before_us, int64_t history_before_us, int *dropped, struct wn_err *err) WN_MUST_CHECK;
/* Deletes at most `limit` rows each of old seen keys, rejects, delivered outbox rows. Instants; WN_NEVER or 0: leave alone. */
struct wn_prune { int64_t seen_before_us, rejects_before_us, outbox_before_us; int limit; };
enum wn_rc wn_store_prune(struct wn_store *s, const struct wn_prune *p, int64_t *deleted, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------------ reference data */
enum wn_ref { WN_REF_KIND, WN_REF_TRAIT, WN_REF_FEED, WN_REF_SINK };
struct wn_ref_row {
	struct wn_str name;           /* trait: "account.NAME" or "contact.NAME" */
	struct wn_value definition;   /* plain values, as of the file; no secrets */
	uint8_t checksum[32];
	bool enabled;                 /* read: false once no file has it any more */
};
/* Makes the table say what the files say (rows not named are kept, disabled). *changed may be NULL. Its own transaction
 * unless one is open. */
enum wn_rc wn_store_sync(struct wn_store *s, enum wn_ref which, const struct wn_ref_row *rows, size_t n, int64_t now_us,
			 int *changed, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_refs(struct wn_store *s, enum wn_ref which, struct wn_arena *a, struct wn_ref_row **rows, size_t *n,
			 struct wn_err *err) WN_MUST_CHECK;

struct wn_segment_row {
	struct wn_str name;
	int version;
	struct wn_str source;             /* YAML as applied; absent until wn_store_segment_sources */
	enum { WN_SEGMENT_UNCHECKED, WN_SEGMENT_VALID, WN_SEGMENT_INVALID } status;
	int64_t published_us;
	bool withdrawn, paused;
	bool needed;                      /* a campaign that is not done refers to it */
};
/* Stored sequences: every version; text is the definition as JSON, file says which it is. Names and texts in `a`. */
enum wn_rc wn_store_sequences(struct wn_store *s, struct wn_arena *a, struct wn_sequence **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* The next version of one, unless the newest says the same (WN_EXISTS). Inside the caller's transaction. */
enum wn_rc wn_store_sequence_publish(struct wn_store *s, struct wn_str name, struct wn_str definition, int64_t now_us, int *version,
				     struct wn_err *err) WN_MUST_CHECK;
/* Inserts the next version. Own transaction unless one is open. WN_EXISTS (with *version) if the newest version has the same source and
 * means the same (a stored sequence may have changed). */
enum wn_rc wn_store_segment_publish(struct wn_store *s, struct wn_str name, struct wn_str source, struct wn_str definition,
				    const char *by, int64_t now_us, int *version, struct wn_err *err) WN_MUST_CHECK;
/* What must be compiled: of each segment that is not withdrawn the newest valid version and everything unchecked after it; and every
 * version that a campaign still needs. Ordered by name, version. Without the sources. news: only segments that were published
 * since, and those named; a valid version of the time before the newest is then `needed`, as somebody may have opened
 * campaigns by it. */
struct wn_segments_news { int64_t since_us; const struct wn_str *names; size_t n_names; };
enum wn_rc wn_store_segments(struct wn_store *s, const struct wn_segments_news *news, struct wn_arena *a, struct wn_segment_row **rows,
			     size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* Fills in their sources, WN_SEGMENTS_PAGE a statement. */
enum { WN_SEGMENTS_PAGE = 1000 };
enum wn_rc wn_store_segment_sources(struct wn_store *s, struct wn_segment_row *const *rows, size_t n, struct wn_arena *a, struct wn_err *err)
	WN_MUST_CHECK;
/* Segments that are withdrawn or paused, by name. */
struct wn_segment_flags { struct wn_str name; bool withdrawn, paused; };
enum wn_rc wn_store_segment_flags(struct wn_store *s, struct wn_arena *a, struct wn_segment_flags **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* How many versions were published until then, of all segments. */
enum wn_rc wn_store_segment_count(struct wn_store *s, int64_t until_us, int64_t *versions, struct wn_err *err) WN_MUST_CHECK;
/* Marks many that were unchecked; for those with `start_with: since` there is wn_store_segment_valid. */
enum wn_rc wn_store_segments_valid(struct wn_store *s, const struct wn_segment_row *const *rows, size_t n, int64_t now_us, struct wn_err *err)
	WN_MUST_CHECK;
/* error empty: valid. Only marks rows that are still unchecked (or valid and now refused). */
enum wn_rc wn_store_segment_mark(struct wn_store *s, struct wn_str name, int version, struct wn_str error, int64_t now_us,
				 struct wn_err *err) WN_MUST_CHECK;
/* The version is valid. With since_us its signals of those kinds that occurred since then are put to the rule as rechecks, in the order in
 * which they were stored (start_with: since); once, whoever marks it first. */
enum wn_rc wn_store_segment_valid(struct wn_store *s, struct wn_str name, int version, int64_t since_us, const struct wn_str *kinds,
				  size_t n_kinds, int64_t now_us, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_segment_withdraw(struct wn_store *s, struct wn_str name, bool withdrawn, const char *by, int64_t now_us,
				     struct wn_err *err) WN_MUST_CHECK;
/* segment absent: everything. */
enum wn_rc wn_store_pause(struct wn_store *s, struct wn_str segment, bool paused, const char *by, int64_t now_us,
			  struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_is_paused(struct wn_store *s, bool *all, struct wn_err *err) WN_MUST_CHECK; /* per segment: wn_segment_row.paused */

/* -------------------------------------------------------------------------------------------------------- intake */
/* What became of one sighting. */
#define WN_INTAKE_LIST(X)                                                                                    \
	X(NEW, "new")             /* opened a signal */                                                      \
	X(JOINED, "joined")       /* a further report of a stored signal */                                  \
	X(DUPLICATE, "duplicate") /* seen before, unchanged */                                               \
	X(EDITED, "edited")       /* seen before, says something else now */                                 \
	X(REVIEW, "review")       /* whose it is is not clear: in the review queue with candidates */        \
	X(TRAITS, "traits")       /* no signal, only traits (kind -1) */                                     \
	X(REJECTED, "rejected")   /* names no account */
enum wn_intake_how {
#define X(name, text) WN_INTAKE_##name,
	WN_INTAKE_LIST(X)
#undef X
};
const char *wn_intake_how_to_text(enum wn_intake_how how);
/* Why a sighting belongs to its account. method: "domain" (listed under it), "alias" (a further domain), "name" (the only account of the
 * name), of several of one name: "learned" (an answer of a review), "mention" (its domain stands in the item), "country", "form" (legal
 * form as written), "parent" (of all the others); "near" (one letter away from one listed name), "domain name" (its domain stands in the
 * item and its name begins alike), "provisional", "person", "created" (a new one by its domain), "review" (said by an operator), "seen". */
struct wn_link {
	struct wn_id account;        /* nil: none */
	const char *method;
	double confidence;           /* 0..1 */
	struct wn_str evidence;      /* what decided, for people; may be empty */
	bool made;                   /* the account is new */
};
/* A poll counts: stored = NEW + JOINED + TRAITS. */
struct wn_intake_row {
	enum wn_intake_how how;
	struct wn_account *account;  /* locked row in the world; NULL for DUPLICATE, REVIEW, REJECTED */
	struct wn_signal *signal;    /* NULL for TRAITS and the above */
	struct wn_contact *contact;  /* named by it, NULL */
	bool identity_changed;       /* EDITED: the engine gets WN_EV_RETRACTED for the signal too (design 05) */
	struct wn_link link;         /* how the account was found; after wn_store_resolve already */
	bool forgotten;              /* names somebody who was forgotten on request: the name is kept nowhere */
};
struct wn_intake_merge { struct wn_id from, into; }; /* provisional account whose domain became known */
struct wn_intake {
	/* in */
	const struct wn_sighting *sightings; size_t n; /* at most WN_BATCH_ITEMS is wise */
	bool create;              /* accounts: create */
	bool exact;               /* a list of accounts: a name one letter away is another name */
	bool first_poll;          /* what is older than its kind's first touch is history */
	const char *const *wires; /* of the options, may be NULL */
	/* Flood guard: when at least flood_min (0: no guard) and flood_share of these are new and yet an hour older than known_us, or without
	 * a date, whatever is no younger than known_us is history: a publisher that renumbers its archive opens nothing. */
	int64_t flood_min, known_us; double flood_share;
	bool flooded;             /* out: it was one */
	/* out, in w->arena */
	struct wn_intake_row *rows;             /* n, same order */
	size_t counts[8];                       /* by enum wn_intake_how */
	size_t new_accounts, signals;           /* signals: fresh ones */
	struct wn_intake_merge *merges; size_t n_merges; /* to be merged afterwards, each its own unit: wn_store_merge */
	/* between resolve and sightings; the store's own */
	struct wn_intake_plan *plan;
};
/* Whose is each sighting: alias lookup by domain, then name; merged accounts followed to the survivor. Reads only, locks nothing. */
enum wn_rc wn_store_resolve(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err) WN_MUST_CHECK;
/* Creates and locks the accounts, keeps every sighting once, joins it to the signal of the same fact or opens a new one, sets
 * traits and contacts that it names: all in the world's memory but for account, seen, account_review rows, which are inserted
 * here. Signals touched have `arrived` and/or `corroborated`. A sighting's account may have been merged meanwhile: WN_AGAIN. */
enum wn_rc wn_store_sightings(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err) WN_MUST_CHECK;
/* In memory: an operator says what these attributes are. It is matched again; an edited item does not take it back. The engine gets
 * WN_EV_RETRACTED for it too. */
void wn_signal_set(struct wn_world *w, struct wn_signal *s, struct wn_value attrs);
/* In memory: the signal is of another account (both loaded whole): a new one there, or a further report of the same fact; the old one is
 * retracted, of which the engine is told as above. Then, behind the flush of the same transaction, wn_store_signal_moved: its sightings go
 * along, and what comes again of their items. */
struct wn_signal *wn_signal_move(struct wn_store *s, struct wn_world *w, struct wn_signal *sig, struct wn_account *into);
enum wn_rc wn_store_signal_moved(struct wn_store *s, const struct wn_signal *from, const struct wn_signal *to, struct wn_err *err) WN_MUST_CHECK;
/* Keeps beside a retracted signal what was wrong with it; in the transaction that retracts it. */
enum wn_rc wn_store_retracted_why(struct wn_store *s, struct wn_id account_id, struct wn_id signal_key, struct wn_str why,
				  struct wn_err *err) WN_MUST_CHECK;
/* Items that could not be used, counted once an (item, reason). */
struct wn_reject_row { struct wn_str feed, item, reason, detail, excerpt; };
enum wn_rc wn_store_rejects(struct wn_store *s, const struct wn_reject_row *rows, size_t n, int64_t now_us,
			    struct wn_err *err) WN_MUST_CHECK;

/* --------------------------------------------------------------------------------------------------------- feeds */
struct wn_feed_totals { int64_t polls, failures, items, stored, duplicate, edited, review, rejected, filtered, signals, bytes; };
/* What each good poll teaches of the rhythm in `extra` (rhythm.h). seen_us 0: as extra says. */
struct wn_feed_lately { int64_t seen_us; double came, due; };
struct wn_feed_state {
	struct wn_str name;
	int64_t version;             /* compare-and-set; 0: no row yet */
	struct wn_str etag, last_modified; /* byte for byte */
	struct wn_str cursor, url;   /* url: learned by permanent redirect, absent otherwise */
	int64_t next_us; struct wn_str why; /* next poll and why */
	struct wn_schedule_state schedule;
	int64_t last_good_us, good_since_us; /* 0 / WN_NEVER: never */
	bool first_done;             /* the first successful poll is over */
	int64_t blind_since_us;      /* 0: sees */
	int last_status;             /* HTTP */
	struct wn_str last_error;    /* absent: none */
	struct wn_feed_totals totals;
	struct wn_str extra;         /* JSON, an object, for the poller's own use; absent: {} */
	struct wn_feed_lately lately;
};
/* names NULL: all. Rows that do not exist are left out. */
enum wn_rc wn_store_feed_states(struct wn_store *s, const struct wn_str *names, size_t n_names, struct wn_arena *a,
				struct wn_feed_state **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* One poll of a feed: the state behind it, with the version that was read; what it counted (items = stored + duplicate + edited +
 * review + rejected + filtered); how it ended. Borrows. unchanged: it was good and found nothing new, and of the state nothing but next_us,
 * why, the schedule, the last poll (last_good_us, last_status, last_error) and lately is another than was read; lately.seen_us is now_us. */
struct wn_feed_move { const struct wn_feed_state *state; struct wn_feed_totals poll; const char *result; int64_t now_us; bool unchanged; };
/* Writes the states of feeds after a poll of each, different feeds all: versions become those read + 1. In the running transaction
 * (that stored the items), else in one of its own. WN_EXISTS: somebody else moved one of them, or we did and never heard of it: none
 * is written, read the state again. Counts that do not add up are WN_INVALID; they are added to the state's totals and, unless nothing
 * changed, kept as one feed_poll row: those of the last 200 versions of each feed. */
enum wn_rc wn_store_feed_moves(struct wn_store *s, const struct wn_feed_move *moves, size_t n, struct wn_err *err) WN_MUST_CHECK;
/* Gaps in what a feed could have reported; kind NULL: all its kinds. Opening an open gap and closing none are no-ops. */
enum wn_rc wn_store_gap_open(struct wn_store *s, struct wn_str feed, const char *kind, int64_t from_us,
			     const char *why, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_gap_close(struct wn_store *s, struct wn_str feed, int64_t to_us, struct wn_err *err) WN_MUST_CHECK;
struct wn_gap_row { struct wn_str feed, kind /* absent: all */, why; int64_t from_us, to_us /* WN_NEVER: open */; };
enum wn_rc wn_store_gaps(struct wn_store *s, struct wn_arena *a, struct wn_gap_row **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;

/* Snapshot feeds: items as they were last seen, by item. missing_us: first whole answer without it, 0: it is there. */
struct wn_feed_item { struct wn_str item; struct wn_key32 content; struct wn_value value; int64_t seen_us, missing_us; };
enum wn_rc wn_store_feed_items(struct wn_store *s, struct wn_str feed, struct wn_arena *a, struct wn_feed_item **out, size_t *n,
			       struct wn_err *err) WN_MUST_CHECK;
/* In the transaction that moves the feed: seen ones are written (as of seen_us), missing ones marked, gone ones forgotten; afresh:
 * everything is forgotten first. */
struct wn_feed_items_move {
	bool afresh;
	const struct wn_feed_item *seen; size_t n_seen; int64_t seen_us;
	const struct wn_str *missing; size_t n_missing;
	const struct wn_str *gone; size_t n_gone;
};
enum wn_rc wn_store_feed_items_move(struct wn_store *s, struct wn_str feed, const struct wn_feed_items_move *m, int64_t now_us,
				    struct wn_err *err) WN_MUST_CHECK;

/* Leases only save work. kind "feed" | "bucket" | ...; *held says whether `owner` (the instance) has it until now + ttl. An end
 * further away than two ttl is taken as expired (the clock jumped back). */
enum wn_rc wn_store_lease(struct wn_store *s, const char *kind, struct wn_str name, int64_t now_us, int64_t ttl_us, bool *held,
			  struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_lease_drop(struct wn_store *s, const char *kind,
			       struct wn_str name /* absent: all of the instance */, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_heartbeat(struct wn_store *s, int64_t now_us, struct wn_value status, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------------------ the world */
/* A new world; zeroed lists, the arena and catalogue given. */
struct wn_world *wn_world_new(struct wn_arena *a, struct wn_arena *scratch, const struct wn_catalog *c, int64_t now_us, const char *actor);
/* Locks (FOR NO KEY UPDATE, sorted) and reads the rows, follows nothing; ids that do not exist are left out. Already loaded ones are
 * skipped. flags: WN_LOAD_*. Must precede every campaign lock of the transaction. */
enum wn_rc wn_store_load_accounts(struct wn_store *s, struct wn_world *w, const struct wn_id *ids, size_t n, unsigned flags,
				  struct wn_err *err) WN_MUST_CHECK;
/* Reads more of accounts that are locked already: signals (newest WN_SIGNALS_PER_ACCOUNT; also those of accounts merged into it),
 * contacts with their suppressions, members with evidence and touches, non-actions. What is in memory is kept. */
enum wn_rc wn_store_load_parts(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts, size_t n, unsigned flags,
			       struct wn_err *err) WN_MUST_CHECK;
/* The next n accounts behind `after` (nil: from the first) that are not merged into others, in the order (bucket, id), with parts, not
 * locked: for looks over all. Ids are hashes, so the first so many are a fair sample. */
enum wn_rc wn_store_scan_accounts(struct wn_store *s, struct wn_world *w, struct wn_id after, size_t n, unsigned flags,
				  struct wn_err *err) WN_MUST_CHECK;
/* Locks (sorted) and reads the campaigns of live members (and of members with a touch that is not final) of all accounts of the world,
 * the proposed and open ones of the groups of its TRUE verdicts, and those that these verdicts would open again. Sets member->campaign
 * (NULL stays for the others). WN_AGAIN if one needs a segment version that the catalogue does not have. */
enum wn_rc wn_store_load_campaigns(struct wn_store *s, struct wn_world *w, struct wn_err *err) WN_MUST_CHECK;
/* Campaigns with the accounts of all their members (WN_LOAD_ALL): finds the accounts, locks them, then the campaigns, each in order.
 * One that is not there is left out. WN_AGAIN: a member came or left meanwhile. */
struct wn_campaign_ref { int bucket; struct wn_id id; };
enum wn_rc wn_store_load_whole_campaigns(struct wn_store *s, struct wn_world *w, const struct wn_campaign_ref *refs, size_t n,
					 struct wn_err *err) WN_MUST_CHECK;
/* One campaign with the accounts of all its members (WN_LOAD_ALL): approve, cancel, replaced, intake over, final review. Finds the
 * accounts, locks them, then the campaign. with_members false: only the campaign row. NOT_FOUND. */
enum wn_rc wn_store_load_campaign(struct wn_store *s, struct wn_world *w, int bucket, struct wn_id campaign_id, bool with_members,
				  struct wn_campaign **out, struct wn_err *err) WN_MUST_CHECK;
/* Writes what the world holds: fresh and dirty rows, history, outbox, reviews, fact changes, non-actions, rechecks; in lock order. A
 * campaign row that is not as it was read, or an opening that somebody else was faster with: WN_AGAIN. */
enum wn_rc wn_store_flush(struct wn_store *s, struct wn_world *w, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------------------- due work */
struct wn_tick {
	int64_t sent_mono_us, db_us, received_mono_us; /* for wn_clock_reading */
	int64_t member_us, campaign_us, touch_us, recheck_us, outbox_us; /* least instant, WN_NEVER: none */
	bool outcomes;               /* the inbox of outcomes is not empty */
	uint64_t segments_digest;    /* of versions published since the instant asked for, and of flags: any change means wn_store_segments again */
};
/* The daemon's tick: one statement, one round trip. segments_since_us INT64_MIN: the digest is over all. */
enum wn_rc wn_store_tick(struct wn_store *s, int64_t segments_since_us, struct wn_tick *out, struct wn_err *err) WN_MUST_CHECK;

/* For the status line: campaigns open or finishing (shadow left out), and the next instant at which a member may end (WN_NEVER). */
enum wn_rc wn_store_open_counts(struct wn_store *s, int64_t *campaigns, int64_t *next_end_us, struct wn_err *err) WN_MUST_CHECK;

struct wn_due {
	int64_t at_us;
	struct wn_id account_id, campaign_id, contact_id; /* campaign: campaign_id; outbox: campaign_id may be nil */
	int bucket;                  /* of the row */
	int step;                    /* touch */
	struct wn_str segment, sink; /* recheck; outbox */
	struct wn_str channel;       /* touch */
	struct wn_id signal_key;     /* recheck */
	int weight;                  /* accounts that must be loaded with it, about */
};
/* Keys in order of due time, no locks. buckets [from, to]: 0, 1023 for all. */
struct wn_due_query {
	int64_t until_us;
	int bucket_from, bucket_to, limit;
	const struct wn_str *channels; size_t n_channels; /* touches: not of these */
};
enum wn_rc wn_store_due_members(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				struct wn_due **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_due_campaigns(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				  struct wn_due **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_due_touches(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				struct wn_due **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_due_rechecks(struct wn_store *s, const struct wn_due_query *q, struct wn_arena *a,
				 struct wn_due **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* Campaigns that are not closed of a segment's versions before `version`. */
enum wn_rc wn_store_older_campaigns(struct wn_store *s, struct wn_str segment, int version, struct wn_arena *a, struct wn_due **out,
				    size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* Segments and versions of campaigns in state open: name and version of each. */
enum wn_rc wn_store_open_versions(struct wn_store *s, struct wn_arena *a, struct wn_segment_row **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* Campaigns in state open of a segment whose version is not `version` (0: all; the segment was withdrawn). */
enum wn_rc wn_store_replaced_campaigns(struct wn_store *s, struct wn_str segment, int version, struct wn_arena *a,
				       struct wn_due **out, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* Takes a recheck out of the table once it was evaluated (in the unit's transaction). */
enum wn_rc wn_store_recheck_done(struct wn_store *s, const struct wn_due *r, struct wn_err *err) WN_MUST_CHECK;

/* --------------------------------------------------------------------------------------------------------- outbox */
#define WN_OUTBOX_STATE_LIST(X)                                                                              \
	X(PENDING, "pending")     /* wants an attempt at next_at */                                          \
	X(LEASED, "leased")       /* an attempt runs, given up at next_at */                                 \
	X(DELIVERED, "delivered")                                                                            \
	X(DEAD, "dead")           /* dead letter: listed, can be replayed */                                 \
	X(CANCELLED, "cancelled") /* a touch that will not be sent */
enum wn_outbox_state {
#define X(name, text) WN_OUTBOX_##name,
	WN_OUTBOX_STATE_LIST(X)
#undef X
};
struct wn_outbox_row {
	int bucket;
	struct wn_id event_id, campaign_id; /* campaign nil: an event outside campaigns */
	int64_t gen;
	struct wn_str sink, type, subject;
	int64_t at_us;               /* when it happened */
	struct wn_str payload;       /* JSON text of `data`, the same bytes at every attempt */
	int attempts;                /* this one included */
	int64_t first_us;            /* first attempt, 0: this is it */
	struct wn_id token;
	struct wn_id account_id, contact_id; int step;
};
struct wn_outbox_ref { int bucket; struct wn_id event_id; struct wn_str sink; };
/* Events that may go to the sink now, the longest due first: pending or given up, next_at <= until, head of line of their (campaign,
 * sink). No touches: those are claimed by wn_touch_decide on a loaded world. */
enum wn_rc wn_store_outbox_heads(struct wn_store *s, struct wn_str sink, int64_t until_us, int limit, struct wn_arena *a,
				 struct wn_outbox_ref **refs, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* Leases those of them that still may go. Its own transaction. Rows in `a`, in the order of refs. */
enum wn_rc wn_store_outbox_claim(struct wn_store *s, const struct wn_outbox_ref *refs, size_t n, int64_t now_us, int64_t lease_us,
				 struct wn_arena *a, struct wn_outbox_row **rows, size_t *n_rows, struct wn_err *err) WN_MUST_CHECK;
/* What came of attempts. to: DELIVERED, PENDING (again at next_us), DEAD. written, out: false if somebody else has the row now. Its own
 * transaction unless one is open. */
struct wn_outbox_result {
	const struct wn_outbox_row *row;
	enum wn_outbox_state to;
	int64_t next_us;
	struct wn_str error;
	bool written;
};
enum wn_rc wn_store_outbox_done(struct wn_store *s, struct wn_outbox_result *v, size_t n, int64_t now_us, struct wn_err *err) WN_MUST_CHECK;
/* Rows as they are stored, for attempts whose leases the caller holds already (touches); in the order of refs, those that are there. */
enum wn_rc wn_store_outbox_read(struct wn_store *s, const struct wn_outbox_ref *refs, size_t n, struct wn_arena *a,
				struct wn_outbox_row **rows, size_t *n_rows, struct wn_err *err) WN_MUST_CHECK;
/* Start-up is the recovery: if no other instance gave a heartbeat since alive_since_us, every lease is that of a dead process (our
 * former self), and what it had begun is due now. With others alive their leases run out by themselves. */
enum wn_rc wn_store_release_leases(struct wn_store *s, int64_t now_us, int64_t alive_since_us, struct wn_err *err) WN_MUST_CHECK;
/* Which of the campaigns have an event on its way to which sink: a touch must not overtake it. Asked under the campaigns' locks. */
enum wn_rc wn_store_outbox_busy(struct wn_store *s, const struct wn_campaign_ref *campaigns, size_t n, struct wn_arena *a,
				const struct wn_campaign_ref **busy, const struct wn_str **sinks, size_t *n_busy,
				struct wn_err *err) WN_MUST_CHECK;
/* Puts dead letters of a sink back (event nil: all) and switches it on. */
enum wn_rc wn_store_outbox_replay(struct wn_store *s, struct wn_str sink, struct wn_id event_id, int64_t now_us,
				  int64_t *n, struct wn_err *err) WN_MUST_CHECK;
/* The receiver is gone: nothing is sent there until it is switched on, or its file changes. *changed (may be NULL): it was on before. */
enum wn_rc wn_store_sink_off(struct wn_store *s, struct wn_str sink, struct wn_str why, int64_t now_us, bool *changed,
			     struct wn_err *err) WN_MUST_CHECK;
/* Names of the sinks that are off, in `a`. */
enum wn_rc wn_store_sinks_off(struct wn_store *s, struct wn_arena *a, struct wn_str **names, size_t *n, struct wn_err *err) WN_MUST_CHECK;
/* An event outside campaigns (segment.refused, feed.blind, feed.recovered): history and outbox rows. subject: "feed" | "segment" and its
 * name; the counter is the subject's own. Own transaction unless one is open. */
struct wn_plain_event {
	const char *subject;
	struct wn_str name;
	const char *type, *from, *to;
	struct wn_str why;
	struct wn_value data;
	const char *const *sinks; /* NULL-terminated, may be NULL */
	int64_t at_us;
};
enum wn_rc wn_store_plain_event(struct wn_store *s, const struct wn_plain_event *ev, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------- accounts and contacts */
enum wn_trust { WN_TRUST_INFERRED, WN_TRUST_FEED, WN_TRUST_IMPORTED, WN_TRUST_DECLARED };
/* In memory, no SQL: sets a trait of an account (contact NULL) or contact unless a more trusted source said something else; a
 * changed value becomes a wn_fact_change of the world and marks the row. Empty (ABSENT, NULL) changes nothing. True if the
 * value changed. by: "import accounts.csv", "feed crm". */
bool wn_traits_set(struct wn_world *w, struct wn_account *a, struct wn_contact *c, struct wn_str name, struct wn_value v,
		   enum wn_trust trust, struct wn_str by);
/* The same for a field of the row itself: account: name; contact: name position department level time_zone. */
bool wn_field_set(struct wn_world *w, struct wn_account *a, struct wn_contact *c, const char *field, struct wn_value v, struct wn_str by);

struct wn_trait_pair { struct wn_str name; struct wn_value v; };
struct wn_import_account {
	struct wn_str domain, name;  /* at least one; domain registrable */
	const struct wn_str *aliases; size_t n_aliases; /* further names */
	const struct wn_trait_pair *traits; size_t n_traits;
};
struct wn_import_contact {
	struct wn_str account_domain, account_name, email, name, position, department, time_zone, consent;
	int level;
	const struct wn_trait_pair *traits; size_t n_traits;
};
/* What became of a line. MADE and CHANGED have the row in the world; REFUSED has the reason. */
enum wn_import_how { WN_IMPORT_MADE, WN_IMPORT_CHANGED, WN_IMPORT_SAME, WN_IMPORT_REFUSED };
struct wn_import_row { enum wn_import_how how; const char *why; struct wn_account *account; struct wn_contact *contact; };
/* Inside a transaction: makes and locks the accounts, applies the values in memory (as above), inserts new account and alias rows. The
 * caller then runs the engine on w->fact_changes and changed contacts, flushes, commits. rows: n elements of the caller. */
enum wn_rc wn_store_import_accounts(struct wn_store *s, struct wn_world *w, const struct wn_import_account *in, size_t n,
				    enum wn_trust trust, struct wn_str by, struct wn_import_row *rows, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_import_contacts(struct wn_store *s, struct wn_world *w, const struct wn_import_contact *in, size_t n,
				    enum wn_trust trust, struct wn_str by, struct wn_import_row *rows, struct wn_err *err) WN_MUST_CHECK;
/* Adds an alias (name or domain) for an account. */
enum wn_rc wn_store_alias_add(struct wn_store *s, struct wn_id account_id, const char *kind, struct wn_str alias, const char *source,
			      int64_t now_us, struct wn_err *err) WN_MUST_CHECK;
/* An operator said whose a name is: of several accounts that have it this one is meant from now on. Queued. */
enum wn_rc wn_store_alias_learn(struct wn_store *s, struct wn_world *w, struct wn_id account_id, struct wn_str name, struct wn_err *err) WN_MUST_CHECK;
/* Both accounts are loaded in the world with WN_LOAD_ALL. In the same unit the live members of `from` leave (merged). Marks `from` as
 * merged, moves aliases, shows its signals and people at the survivor. Then: wn_store_flush. */
enum wn_rc wn_store_merge(struct wn_store *s, struct wn_world *w, struct wn_id from, struct wn_id into, struct wn_err *err) WN_MUST_CHECK;
/* Takes a merge back: both loaded with WN_LOAD_ALL, the engine has weighed the survivor's members without the signals of `from`. Aliases
 * and traits that came by the merge go back, people that came by it depart; what arrived since stays with the survivor. Then: wn_store_flush. */
enum wn_rc wn_store_split(struct wn_store *s, struct wn_world *w, struct wn_id from, struct wn_id into, struct wn_err *err) WN_MUST_CHECK;
/* What an account was merged into; nil: nothing. */
enum wn_rc wn_store_merged_into(struct wn_store *s, struct wn_id id, struct wn_id *into, struct wn_err *err) WN_MUST_CHECK;

/* A sighting that waits for somebody to say whose it is. The sighting is as it was read, and may be stored by resolve and sightings
 * once its hint says more (account.id, or a domain). */
struct wn_waiting { struct wn_id id; struct wn_str name, name_key; struct wn_sighting sighting; };
/* With of_name all that wait with the same name and no domain. None: WN_NOT_FOUND. In w->arena. */
enum wn_rc wn_store_reviews(struct wn_store *s, struct wn_world *w, struct wn_id id, bool of_name, struct wn_waiting **out, size_t *n,
			    struct wn_err *err) WN_MUST_CHECK;
/* verdict: linked | made | dropped. account nil: none. Queued. */
enum wn_rc wn_store_review_close(struct wn_store *s, struct wn_id review, struct wn_id account, const char *verdict, const char *by,
				 int64_t now_us, struct wn_err *err) WN_MUST_CHECK;
/* Provisional accounts whose name belongs to exactly one known account by now (an import brought it). */
enum wn_rc wn_store_merge_candidates(struct wn_store *s, int limit, struct wn_arena *a, struct wn_intake_merge **out,
				     size_t *n, struct wn_err *err) WN_MUST_CHECK;

/* Rates of exchange; changed counts new and corrected ones. One transaction. */
enum wn_rc wn_store_fx_put(struct wn_store *s, const struct wn_fx_rate *rates, size_t n, int64_t *changed, struct wn_err *err) WN_MUST_CHECK;
/* Sets amount_usd of sightings with an amount in another currency by the rate of the day they occurred on, or of the week before;
 * no rate leaves it missing. `a` holds the new attributes. */
enum wn_rc wn_store_fx(struct wn_store *s, const struct wn_registry *registry, struct wn_sighting *sightings, size_t n, struct wn_arena *a,
		       struct wn_err *err) WN_MUST_CHECK;

/* what: "address" | "domain"; text normalised by the caller (lower case). reason: opt_out | do_not_contact | erased | bounce. */
enum wn_rc wn_store_suppress(struct wn_store *s, const char *what, struct wn_str text, const char *reason, const char *by,
			     int64_t now_us, int64_t until_us, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_unsuppress(struct wn_store *s, const char *what, struct wn_str text, int64_t now_us, struct wn_err *err) WN_MUST_CHECK;
struct wn_key32 wn_store_suppression_key(struct wn_str key, const char *what, struct wn_str text);
/* what "person": the text under which somebody without address is known at an account. */
struct wn_str wn_store_person(struct wn_arena *a, struct wn_id account_id, struct wn_str name);
/* Accounts that have a contact with mail at the domain or under it; *ids has room for one more. */
enum wn_rc wn_store_accounts_of_mail_domain(struct wn_store *s, struct wn_str domain, struct wn_arena *a, struct wn_id **ids, size_t *n,
					    struct wn_err *err) WN_MUST_CHECK;
/* Accounts that have a contact with the address. */
enum wn_rc wn_store_accounts_of_address(struct wn_store *s, struct wn_str address, struct wn_arena *a, struct wn_id **ids, size_t *n,
					struct wn_err *err) WN_MUST_CHECK;

/* Erasure: deletes what tables keep of a person beside the rows that the world writes: changes of traits, names and addresses in events,
 * in sightings, in what was refused, in the inbox. In the transaction that erases the contact. */
struct wn_forget { struct wn_id account_id, contact_id; struct wn_str email, name; struct wn_id *signals; size_t n_signals; };
enum wn_rc wn_store_forget(struct wn_store *s, const struct wn_forget *f, struct wn_arena *a, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------------------- outcomes */
/* An outcome as somebody says it: texts, to be looked up (daemon/outcome.h). at_us 0: now. */
struct wn_outcome_row {
	struct wn_id inbox_id;
	struct wn_str kind, account, email, campaign, touch; /* account: domain or name; touch: id of its event */
	int64_t at_us, put_us;                               /* when it happened; when it was put into the inbox */
	double value_usd, cost_usd;
	struct wn_str currency;                              /* of both, on the way into the inbox; absent: US dollars */
	struct wn_str source, id, note;                      /* id: of the source; the same again is the same outcome */
};
struct wn_touch_ref { struct wn_id account_id, campaign_id, contact_id; int step; };
/* NOT_FOUND. */
enum wn_rc wn_store_touch_of_event(struct wn_store *s, struct wn_id event_id, struct wn_touch_ref *out, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_outcome_exists(struct wn_store *s, struct wn_id key, bool *there, struct wn_err *err) WN_MUST_CHECK;
/* The account that opened a campaign: who pays is asked of it. NOT_FOUND. */
enum wn_rc wn_store_campaign_opening(struct wn_store *s, int bucket, struct wn_id campaign_id, struct wn_id *account_id,
				     struct wn_err *err) WN_MUST_CHECK;
/* What was learned of a campaign; shown at the next opening of its segment. NOT_FOUND. */
enum wn_rc wn_store_lesson(struct wn_store *s, int bucket, struct wn_id campaign_id, int64_t now_us, const char *by, struct wn_str text,
			   struct wn_err *err) WN_MUST_CHECK;
/* What plain SQL and feeds put into the inbox and nobody took in yet, oldest first. */
enum wn_rc wn_store_outcome_inbox(struct wn_store *s, int limit, struct wn_arena *a, struct wn_outcome_row **out, size_t *n,
				  struct wn_err *err) WN_MUST_CHECK;
/* Puts outcomes there, each inbox_id once; fresh: how many are new. Amounts in another currency become dollars by the rate of the day, or
 * of the week before; without one they are left out and stand in the note. `a` holds what is made. */
enum wn_rc wn_store_outcome_inbox_put(struct wn_store *s, const struct wn_outcome_row *said, size_t n, int64_t now_us, struct wn_arena *a,
				      size_t *fresh, struct wn_err *err) WN_MUST_CHECK;
/* state: stored | duplicate | refused. */
enum wn_rc wn_store_outcome_inbox_done(struct wn_store *s, struct wn_id inbox_id, const char *state, struct wn_str why, int64_t now_us,
				       struct wn_err *err) WN_MUST_CHECK;

/* ---------------------------------------------------------------------------------------------------------- finding */
/* By domain, alias, exact name or unique id prefix (>= 7 hex digits, dashes ignored); merged accounts are followed.
 * NOT_FOUND, or REFUSED with the candidates in the text. */
enum wn_rc wn_store_find_account(struct wn_store *s, struct wn_str text, struct wn_id *out, struct wn_err *err) WN_MUST_CHECK;
struct wn_ref_id { struct wn_id id; int bucket; struct wn_id account_id; };
enum wn_rc wn_store_find_campaign(struct wn_store *s, struct wn_str prefix, struct wn_ref_id *out, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_find_signal(struct wn_store *s, struct wn_str prefix, struct wn_ref_id *out, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_store_find_contact(struct wn_store *s, struct wn_str text_or_prefix, struct wn_ref_id *out, struct wn_err *err) WN_MUST_CHECK;

/* Reads for people: the queries read_NAME of lib/store/sql/read*.sql; columns by name (wn_pg_col), texts by wn_pg_show. What they
 * give and what their parameters are stands at each. WN_NOT_FOUND for an unknown name. */
enum wn_rc wn_store_read(struct wn_store *s, const char *name, const struct wn_pg_param *params, size_t n, struct wn_pg_result *out,
			 struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------------------------- fsck */
struct wn_fsck_row { const char *name, *sentence; struct wn_str what; };
/* Runs every invariant of lib/store/sql/fsck.sql: zero rows expected. bound: how late an end may be noticed. At most
 * WN_FSCK_ROWS_MAX a check are kept. *checks (may be NULL): how many were run. */
enum wn_rc wn_store_fsck(struct wn_store *s, int64_t now_us, int64_t bound_us, struct wn_arena *a, struct wn_fsck_row **rows,
			 size_t *n, int *checks, struct wn_err *err) WN_MUST_CHECK;

/* Any statement of the catalogue by its name, NULL if there is none; for tests and tools. */
const struct wn_stmt *wn_store_stmt(const char *name);

#endif
