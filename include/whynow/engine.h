/* SPDX-License-Identifier: MIT */
/*
 * The engine: what a signal lawfully does to campaigns. Pure: time is an argument, no socket, no database.
 *
 * The life of a signal, as functions (README.md has the long form):
 *   wn_poller_run -> wn_http_start -> wn_feed_read -> wn_mapping_apply -> wn_store_resolve -> wn_store_sightings
 *   -> wn_index_probe -> wn_verdict (this module) -> wn_campaign_step (this module) -> wn_store_flush -> the courier
 *   -> the sweeper, which feeds instants back into wn_campaign_step.
 *
 * A *world* is one unit of work: the locked rows of one transaction, as structs. Loading it is the store's work
 * (lib/store/world.c); the engine changes it in memory and appends to its lists (changes, touched rows); the store then
 * writes every row marked `dirty`, every history row and every outbox row, and commits, or throws the world away.
 * Nothing else changes a campaign.
 *
 * Every event of a campaign, of its members and touches takes the next `gen` of the campaign: one gen, one history row,
 * one event.
 */
#ifndef WHYNOW_ENGINE_H
#define WHYNOW_ENGINE_H

#include <whynow/clock.h>
#include <whynow/id.h>
#include <whynow/registry.h>
#include <whynow/segment.h>
#include <whynow/signal.h>

/* ------------------------------------------------------------------------------------------- enums with their texts */
#define WN_CAMPAIGN_STATE_LIST(X)                                                                            \
	X(PROPOSED, "proposed")   /* waits for an operator; members enrolled, no touches planned */          \
	X(OPEN, "open")           /* takes new members until intake_ends_at */                               \
	X(FINISHING, "finishing") /* no new members, nothing else changes */                                 \
	X(CLOSED, "closed")       /* final; result says how */
#define WN_RESULT_LIST(X)                                                                                    \
	X(NONE, "none") X(CONVERTED, "converted") X(EXPIRED, "expired") X(EMPTIED, "emptied") X(BOXED, "boxed") X(CANCELLED, "cancelled")
#define WN_LEFT_LIST(X)                                                                                      \
	X(LIVE, "live") /* not left */                                                                       \
	X(STALE, "stale") X(BOXED, "boxed") X(CONVERTED, "converted") X(REPLIED_STOP, "replied_stop") X(OPTED_OUT, "opted_out") \
	X(SUPPRESSED, "suppressed") X(DEPARTED, "departed") X(NO_LONGER_FITS, "no_longer_fits") X(RETRACTED, "retracted") \
	X(MERGED, "merged") X(NO_FIRST_TOUCH, "no_first_touch") X(CANCELLED, "cancelled") X(ERASED, "erased")
#define WN_TOUCH_STATE_LIST(X)                                                                               \
	X(PLANNED, "planned") X(DEFERRED, "deferred") X(YIELDED, "yielded") X(HELD, "held") X(SENDING, "sending") \
	X(SENT, "sent") X(FAILED, "failed") X(UNKNOWN, "unknown") X(DROPPED, "dropped") X(EXPIRED, "expired") X(CANCELLED, "cancelled")
/* Why a verdict did nothing; stored as the newest non-action of (segment, account). */
#define WN_NON_ACTION_LIST(X)                                                                                \
	X(UNKNOWN, "unknown") X(COOLDOWN, "cooldown") X(AUDIENCE_FULL, "audience_full") X(AUDIENCE_BELOW_MIN, "audience_below_min") \
	X(NO_CONTACT, "no_contact") X(STALE_ON_ARRIVAL, "stale_on_arrival") X(ALREADY_RAN, "already_ran")   \
	X(PROPOSED, "proposed") X(SPENT_SIGNAL, "spent_signal") /* was evidence of an earlier membership */  \
	X(EXCLUDED, "excluded") X(SUPPRESSED, "suppressed") X(UNKNOWN_GROUP, "unknown_group") X(MERGED, "merged") X(SHADOW, "shadow")
/* What came back. Stages: reply < meeting < opportunity < purchase; signup < trial < purchase. */
#define WN_OUTCOME_LIST(X)                                                                                   \
	X(REPLY, "reply") X(CLICK, "click") X(MEETING, "meeting") X(OPPORTUNITY, "opportunity") X(PURCHASE, "purchase") X(SIGNUP, "signup") \
	X(TRIAL, "trial") X(CONVERSION, "conversion") /* the goal, whatever its metric */ X(CHURN, "churn") X(COST, "cost") \
	X(BOUNCE, "bounce") /* for good: the address is suppressed */ X(UNSUBSCRIBE, "unsubscribe")

#define X(name, text) WN_CAMPAIGN_##name,
enum wn_campaign_state { WN_CAMPAIGN_STATE_LIST(X) };
#undef X
#define X(name, text) WN_RESULT_##name,
enum wn_result { WN_RESULT_LIST(X) };
#undef X
#define X(name, text) WN_LEFT_##name,
enum wn_left { WN_LEFT_LIST(X) };
#undef X
#define X(name, text) WN_TOUCH_##name,
enum wn_touch_state { WN_TOUCH_STATE_LIST(X) };
#undef X
#define X(name, text) WN_NON_ACTION_##name,
enum wn_non_action_reason { WN_NON_ACTION_LIST(X) };
#undef X
#define X(name, text) WN_OUTCOME_##name,
enum wn_outcome_kind { WN_OUTCOME_LIST(X) };
#undef X
const char *wn_outcome_to_text(enum wn_outcome_kind k);
bool wn_outcome_from_text(struct wn_str s, enum wn_outcome_kind *out);
const char *wn_campaign_state_to_text(enum wn_campaign_state s);
bool wn_campaign_state_from_text(struct wn_str s, enum wn_campaign_state *out);
const char *wn_result_to_text(enum wn_result r);
bool wn_result_from_text(struct wn_str s, enum wn_result *out);
const char *wn_left_to_text(enum wn_left l);
bool wn_left_from_text(struct wn_str s, enum wn_left *out);
const char *wn_touch_state_to_text(enum wn_touch_state s);
bool wn_touch_state_from_text(struct wn_str s, enum wn_touch_state *out);
const char *wn_non_action_to_text(enum wn_non_action_reason r);
bool wn_non_action_from_text(struct wn_str s, enum wn_non_action_reason *out);
static inline bool wn_touch_is_final(enum wn_touch_state s) { return s >= WN_TOUCH_SENT; }

/* ------------------------------------------------------------------------------------------------------ rows */
struct wn_world;

/* One fact. `object` first: CEL reads it as `signal` (class in lib/engine/view.c). */
struct wn_signal {
	struct wn_object object;
	const struct wn_world *world; /* for age and freshness */
	struct wn_id account_id, key; /* account of the row; after a merge the survivor's view still shows it */
	int kind;
	int64_t occurred_us, published_us, observed_us, stored_us; /* published 0: not known */
	int32_t received_on;                                         /* days since 1970, partition */
	double strength;                                             /* kind.strength * feed.strength */
	int64_t half_life_us, hard_stop_us;                          /* half-life; hard stop is an instant */
	int publishers;                                              /* independent ones, >= 1 */
	const struct wn_publisher *publisher_list; size_t n_publisher_list;
	struct wn_value attrs, conflicts;
	struct wn_str headline, url, span, feed;
	struct wn_id contact_id;  /* person it is about, nil */
	bool history;             /* older than first touch at a feed's first poll: counts in windows, opens nothing */
	bool retracted;
	/* of this unit of work */
	bool fresh;               /* stored by this batch: insert */
	bool dirty;               /* update (publishers, attrs, retracted) */
	bool arrived;             /* new, or changed in attributes or publishers by this batch: to be matched */
	bool corroborated;        /* gained an independent publisher in this batch */
};

struct wn_contact {
	struct wn_object object;
	const struct wn_world *world;
	const struct wn_account *account;
	struct wn_id id;
	struct wn_str email, name, position, department, time_zone;
	int level;
	bool subject;              /* named by a signal, no address */
	bool opted_out, suppressed; /* suppression rows for the address (or the account's domain) */
	bool erased, departed;
	struct wn_value traits;    /* MAP name -> {v, source, at} */
	bool fresh, dirty, changed; /* insert; update; to be matched */
};

struct wn_evidence {
	struct wn_id signal_key;
	int kind;
	int64_t occurred_us;
	double strength;               /* copied at enrolment */
	int publishers;                /* follows the signal */
	int64_t half_life_us, hard_stop_us; /* copied */
	struct wn_str clause;          /* text of the term it made true */
	bool removed;                  /* retracted: kept for history, counts for nothing */
	bool fresh, dirty;
};

struct wn_touch {
	struct wn_member *member;
	int step;                    /* 0-based in the sequence of the campaign's segment version */
	struct wn_str channel, sink; /* sink chosen when claimed */
	enum wn_touch_state state;
	struct wn_str reason;        /* why held, dropped, deferred, ... */
	int64_t planned_us, due_us;  /* due_us: next instant it wants a decision */
	int64_t valid_until_us, sent_us;
	int64_t claimed_us;          /* decision of the last attempt: never after the member left */
	int attempts;
	struct wn_id token;          /* of the running attempt */
	struct wn_id event_id;       /* of the first touch.due; repeated on retries */
	struct wn_str variant, subject, text; /* as sent */
	uint8_t rendered_hash[32];
	bool fresh, dirty;
};

struct wn_member {
	struct wn_account *account;
	struct wn_campaign *campaign;
	struct wn_id campaign_id, contact_id; /* contact nil: the account itself */
	int campaign_bucket;
	struct wn_str segment;
	int version;
	bool shadow, holdout;
	enum wn_left left;           /* LIVE while it lives */
	int64_t enrolled_us, left_us;
	struct wn_id signal_key;     /* the arriving signal that enrolled it: `signal` of its templates */
	double heat;                 /* at the last change; falls by itself */
	int64_t box_ends_us, stale_us; /* stale_us: first instant heat < floor */
	int64_t first_touch_by_us;   /* leaves no_first_touch then unless a touch was sent; WN_NEVER otherwise */
	int64_t blind_until_us;      /* 0: not held by blindness */
	bool finishing_fit;          /* exit finish, no longer fits: leaves when its last planned touch is final */
	bool replied;                /* the contact replied: nothing more is planned, the member lives on for the goal */
	bool replied_hold;           /* somebody of the account replied: touches are held until an operator resumes them */
	int64_t reached_us;          /* first outcome that reached the goal, 0: none */
	bool wanted;                 /* of this unit of work: its campaign is to be loaded though it has left */
	int64_t due_us;              /* lazy: <= the earliest of the instants above */
	int touches_sent;
	WN_VEC(struct wn_evidence *) evidence;
	WN_VEC(struct wn_touch *) touches;
	bool fresh, dirty;
};

struct wn_campaign {
	struct wn_id id, group_id;
	int bucket;                  /* of group_id */
	struct wn_str segment_name;
	int version;
	const struct wn_segment *segment; /* that version, from the catalogue */
	/* Versions whose sequence and exit policy count instead (segment apply --migrate), rising: what was planned before keeps its own. */
	WN_VEC(struct wn_steps_since { const struct wn_segment *segment; int64_t from_us; }) steps;
	struct wn_value group;       /* LIST of group values */
	struct wn_id opening_signal, opening_account;
	enum wn_campaign_state state;
	enum wn_result result;
	bool shadow;
	int64_t proposed_us, opened_us, intake_ends_us, max_ends_us, closed_us;
	int64_t live_until_us;       /* as shown: latest end of its members at the last change */
	int live_members, audience;  /* live; live without holdouts */
	int members, holdouts, touched, achieved, converted; /* ever: enrolled, held out, with a touch sent, these with the goal reached, left converted */
	int holdout_achieved;        /* held out, and reached the goal all the same */
	int64_t goal_window_us;      /* of its own version */
	int64_t due_us;              /* intake end, proposal end, or the final review */
	int64_t gen;
	uint8_t seal[32];            /* hash of goal and metric when opened */
	bool reviewed_final;
	double cost;                 /* USD spent, by cost outcomes */
	/* of this unit of work */
	enum wn_campaign_state was;  /* as loaded: compare-and-set */
	enum wn_left last_left;
	bool fresh, dirty;
};

struct wn_non_action {
	struct wn_str segment;
	struct wn_account *account;
	struct wn_id signal_key;
	enum wn_non_action_reason reason;
	struct wn_str clause, detail; /* unknown: first clause that caused it */
	int64_t at_us;
	bool fresh;
};

struct wn_recheck {
	struct wn_str segment;
	struct wn_account *account;
	struct wn_id signal_key;
	int64_t at_us;
	bool fresh, remove;
};

struct wn_account {
	struct wn_object object;
	const struct wn_world *world;
	struct wn_id id;
	int bucket;
	struct wn_str domain, name, state; /* state: known provisional person merged */
	struct wn_id merged_into;
	int64_t known_since_us;
	struct wn_str stored_traits;     /* as JSON, until somebody asks: a batch locks many accounts and reads the traits of few */
	struct wn_value traits;          /* MAP name -> {v, source, at}; read it by wn_account_traits */
	WN_VEC(struct wn_signal *) signals;   /* ascending (occurred_us, key), unretracted and retracted */
	WN_VEC(struct wn_contact *) contacts; /* ascending id */
	WN_VEC(struct wn_member *) members;   /* live and left */
	WN_VEC(struct wn_member *) former;    /* of accounts merged into it: they count for caps and cooldown, and are never written */
	WN_VEC(struct wn_non_action *) non_actions;
	WN_VEC(struct wn_recheck *) rechecks;
	bool do_not_contact;             /* suppression on its domain */
	bool fresh, dirty;
	bool ruled_out;                  /* wn_verdicts_are_ruled_out said so in this unit of work: not asked again */
	unsigned loaded;                 /* WN_LOAD_* that are there */
};
enum { WN_LOAD_SIGNALS = 1, WN_LOAD_CONTACTS = 2, WN_LOAD_MEMBERS = 4, WN_LOAD_ALL = 7 };

/* ----------------------------------------------------------------------------------------- what a step writes */
/* One history row and one event. type: "campaign.opened" ... ; subject "campaign" | "member" | "touch" | "review". */
struct wn_change {
	struct wn_campaign *campaign; /* NULL: subject outside campaigns (segment, feed) with its own counter */
	struct wn_account *account;   /* of the member or touch, else NULL */
	struct wn_id contact_id;
	int step;                     /* touch, else -1 */
	const char *subject, *type;
	const char *from, *to;        /* states, may be NULL */
	struct wn_str why;            /* one sentence or reason word */
	int64_t gen, at_us;
	struct wn_id event_id;
	struct wn_value data;         /* MAP: the event's `data`; also kept in history */
	const char *const *sinks;     /* names of sinks that get it, NULL-terminated, in order */
};
struct wn_review {
	struct wn_campaign *campaign;
	bool final;
	int64_t at_us;
	int audience, touched, achieved, holdouts, holdout_achieved;
	double rate, low, high, target; /* Wilson 95 % */
	double cost;
	const char *verdict;            /* met | missed | not enough data */
};
/* To whom an outcome is credited: one enrolment a campaign. first, last: the first and the last touch before it were this one's. */
struct wn_credit { struct wn_member *member; int step; /* last touch sent before it, -1 none */ bool reached, first, last; };
struct wn_outcome {
	struct wn_account *account;
	struct wn_id key;
	enum wn_outcome_kind kind;
	struct wn_id contact_id, campaign_id; /* nil: not said */
	int64_t at_us;                        /* when it happened */
	double value_usd, cost_usd;           /* 0: none */
	struct wn_str source, note;
	WN_VEC(struct wn_credit) credits;     /* filled by the step */
};
struct wn_fact_change {
	struct wn_account *account;
	struct wn_id contact_id; /* nil: of the account */
	struct wn_str trait, source;
	struct wn_value old, new;
	int64_t at_us;
};

/* ------------------------------------------------------------------------------------------------ surroundings */
struct wn_sink_view {
	const char *name, *kind;             /* webhook | file | journal | smtp */
	const char *const *channels, *const *events; /* NULL-terminated; events are patterns "campaign.*" */
	bool off;                            /* its receiver is gone: touches for it are held */
};
struct wn_feed_view {
	const char *name;
	const int *reports; size_t n_reports;   /* kind numbers it could have reported */
	bool scope_all; const char *const *scope; /* domains, NULL-terminated; neither: none */
	bool blind;
	int64_t good_since_us;                  /* first good poll, WN_NEVER: never */
	const struct wn_gap { int64_t from_us, to_us; } *gaps; size_t n_gaps; /* to_us WN_NEVER: still open */
};
struct wn_caps { int contact, account, email; int64_t contact_us, account_us, email_us, rank_window_us; };

/* All that is the same for every account of a unit of work; read only; replaced whole on reload. */
struct wn_catalog {
	const struct wn_registry *registry;
	const struct wn_rules *rules;                                /* computed traits; NULL: none */
	const struct wn_segment *const *segments; size_t n_segments; /* newest valid version of each, in no order */
	const struct wn_segment *const *older; size_t n_older;       /* versions that live campaigns still need */
	const struct wn_segment_set *segments_by_name, *older_by_name; /* the same; NULL: searched one by one */
	struct wn_index *index;                                      /* over segments[i]: rule handle = i; NULL: probe all */
	const struct wn_sink_view *sinks; size_t n_sinks;
	const struct wn_feed_view *feeds; size_t n_feeds;
	const struct cel_program *exclude;                           /* global, over account and contact; NULL none */
	struct wn_caps caps;
	int64_t signals_kept_us; /* older signals may be gone: retention.signals; 0: all are there */
	const char *redirect_to;
	const struct wn_tz *default_tz; const struct wn_tz *(*tz_of)(void *ctx, struct wn_str name); void *tz_ctx;
	const struct wn_tz *(*tz_of_country)(void *tz_ctx, struct wn_str country, int64_t at_us); /* NULL: its zones differ, or none is known */
	bool paused;
	int64_t proposed_ttl_us;
	int64_t touch_lease_us;                                      /* an attempt that gave no answer for so long is unknown */
	int64_t window_from_us, window_to_us; unsigned window_days;  /* send window in local time of day; days bit 0 = Monday; 0 = always */
	const char *const *wires;
	const char *instance;
	uint64_t stay_kinds[4];                                      /* kinds a stay term rests on through computed traits */
	uint64_t older_kinds[4];                                     /* kinds that older versions may be true for */
	bool (*absent_cover)(const struct wn_world *, const struct wn_account *, int kind, int64_t from_us);
};
/* The index over segments (rule number = position), free with wn_index_free. Made by the engine because what may be skipped
 * is its business: an unknown verdict is stored, so only what is false may be skipped. From WN_SEGMENTS_MANY on traits of the
 * account are indexed too: it takes reading them, which few segments are not worth. Empty; `expected`: how many there will be. */
enum { WN_SEGMENTS_MANY = 1000 };
struct wn_index *wn_catalog_index_new(const struct wn_registry *registry, size_t expected);
/* Inserts or replaces. Broad segments open nothing and are left out. */
void wn_catalog_index_put(struct wn_index *index, size_t position, const struct wn_segment *s);
/* What a probe is to know of an account whose signals are loaded: LIST of the kinds of those not retracted, in the world's arena. */
struct wn_value wn_kinds_held(struct wn_world *w, const struct wn_account *a);
/* One over all of them, filed. */
struct wn_index *wn_catalog_index_of(const struct wn_registry *registry, const struct wn_segment *const *segments, size_t n);
/* By priority (high first), then name: the order in which segments are asked and told. */
void wn_segments_sort(const struct wn_segment **v, size_t n);
/* Fills stay_kinds, from segments and older; adds one segment's. */
void wn_catalog_find_stay_kinds(struct wn_catalog *c);
void wn_catalog_add_stay_kinds(struct wn_catalog *c, const struct wn_segment *s);
/* A version that is in force no longer: its members are judged by it as long as they live. */
void wn_catalog_add_older_kinds(struct wn_catalog *c, const struct wn_segment *s);
const struct wn_segment *wn_catalog_segment(const struct wn_catalog *c, struct wn_str name, int version); /* version 0: in force */
/* True if every feed that reports a kind of the member's evidence is blind (and there is one). */
bool wn_catalog_is_blind(const struct wn_catalog *c, const struct wn_member *m);

struct wn_verdict;
struct wn_world {
	struct wn_arena *arena;           /* of the unit of work; everything below lives in it */
	struct wn_arena *scratch;         /* reset by evaluations */
	const struct wn_catalog *catalog;
	int64_t now_us;                   /* one instant for the whole batch (clock's sure time for closing work) */
	int computing;                    /* depth of computed traits that read computed traits */
	const char *actor;                /* "feed techcrunch", "sweeper", "operator ana", ... for history */
	WN_VEC(struct wn_account *) accounts;   /* ascending (bucket, id): lock order */
	WN_VEC(struct wn_campaign *) campaigns; /* ascending (bucket, id) */
	WN_VEC(struct wn_verdict *) verdicts;
	WN_VEC(struct wn_change *) changes;     /* history + outbox, in order */
	WN_VEC(struct wn_review *) reviews;
	WN_VEC(struct wn_outcome *) outcomes;
	WN_VEC(struct wn_fact_change *) fact_changes;
};
struct wn_account *wn_world_account(const struct wn_world *w, struct wn_id id);
struct wn_campaign *wn_world_campaign(const struct wn_world *w, struct wn_id id);
struct wn_signal *wn_account_signal(const struct wn_account *a, struct wn_id key);
struct wn_contact *wn_account_contact(const struct wn_account *a, struct wn_id id);
/* MAP name -> {v, source, at}; what is stored is made of stored_traits when first asked for. */
struct wn_value wn_account_traits(const struct wn_account *a);
/* Values as JSON gave them, converted to the types of the registry; a trait that no file names any more stays as it is stored. */
struct wn_value wn_traits_typed(const struct wn_registry *r, enum wn_trait_of of, struct wn_value traits, struct wn_arena *a);
struct wn_value wn_trait_value(struct wn_value traits, struct wn_str name); /* the v of {v, source, at}, ABSENT */

/* The person was forgotten on request: the name goes out of attributes, headline and quote; what else the signal says stays. */
void wn_signal_blank(struct wn_world *w, struct wn_signal *s, struct wn_str name);

/* Classes of the three records (lib/engine/view.c): whoever makes a row sets `object.cls` and `world`. A merged or empty
 * text, a time of 0, a level of 0 read as not set; a trait without value reads as its default. */
extern const struct wn_class wn_signal_class, wn_account_class, wn_contact_class;
/* A field by the name rules know it under ("amount_usd", "first_name"); false: no such field, or not set. */
bool wn_view_field(const struct wn_object *o, struct wn_str name, struct wn_value *out);

/* ---------------------------------------------------------------------------------------------------- verdicts */
struct wn_chosen { struct wn_contact *contact; /* NULL: the account itself */ };
struct wn_verdict {
	struct wn_account *account;
	const struct wn_segment *segment;
	struct wn_signal *signal;        /* the one taken as `signal` */
	enum { WN_VERDICT_TRUE, WN_VERDICT_FALSE, WN_VERDICT_UNKNOWN } is;
	struct wn_str clause, detail;    /* unknown: first clause and why */
	bool signal_terms_true;          /* unknown: every term over `signal` alone is true (then it is stored) */
	int64_t recheck_us;              /* WN_NEVER: none */
	/* TRUE only: */
	struct wn_value group;           /* LIST */
	bool group_known;
	struct wn_id group_id;
	WN_VEC(struct wn_evidence) evidence; /* freshest WN_EVIDENCE_MAX, freshest first */
	WN_VEC(struct wn_chosen) contacts;   /* who; one NULL contact if the segment has no who */
	bool excluded;
};
/* Evaluates one segment for one account and arriving signal. Never fails: limits make it UNKNOWN. In w->arena. */
struct wn_verdict *wn_verdict_of(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_signal *sig);
/* For every arrived signal of every account (order of design 02): probes the index, evaluates, appends to w->verdicts
 * those that are TRUE, or UNKNOWN with signal_terms_true, or have a recheck; then those that are TRUE by an older version that
 * a live member of the account is judged by. */
void wn_verdicts_of_arrivals(struct wn_world *w);
/* An arrived signal may be further evidence by an older version, if a live member is judged by one (wn_has_older_member). The first
 * needs the account's row and the arrived signals alone, the second its members. */
bool wn_arrivals_may_be_older(const struct wn_world *w, const struct wn_account *a) WN_MUST_CHECK;
bool wn_has_older_member(const struct wn_world *w, const struct wn_account *a) WN_MUST_CHECK;
/* True: no arrived signal of the account makes any rule true, unknown or due later, whatever its stored signals, contacts and members
 * are, so they need not be loaded. Needs the account's row and the arrived signals alone. */
bool wn_verdicts_are_ruled_out(struct wn_world *w, struct wn_account *a) WN_MUST_CHECK;
/* Again, for stored signals not past their hard stop, against the segments that read `trait` (account or contact). */
void wn_verdicts_of_trait(struct wn_world *w, struct wn_account *a, enum wn_trait_of of, struct wn_str trait);
/* Puts the stored no_contact verdicts of the account to the rules again (a contact was added or changed). */
void wn_verdicts_of_contact(struct wn_world *w, struct wn_account *a);
/* Definitely true | definitely false | unknown of the segment's stay terms for a member; exclude counts as false. */
enum wn_three { WN_FALSE3, WN_TRUE3, WN_UNKNOWN3 };
enum wn_three wn_stay(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_contact *c);
/* Whether a contact satisfies `who` and not the global exclude (TRUE3 if the segment has no who and c is NULL; FALSE3 for one
 * that is suppressed, opted out, erased or departed). */
enum wn_three wn_who(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_signal *sig, struct wn_contact *c);
enum wn_three wn_when(struct wn_world *w, const struct wn_segment *s, struct wn_account *a, struct wn_signal *sig);
/* The `if` of a step or variant for a member. */
enum wn_three wn_member_test(struct wn_world *w, const struct cel_program *p, struct wn_member *m);

/* ------------------------------------------------------------------------------------------------ the step function */
enum wn_event_type {
	WN_EV_VERDICT,        /* verdict */
	WN_EV_CORROBORATED,   /* account, signal: publishers changed */
	WN_EV_TRAIT,          /* account, contact or NULL: traits changed: stay is evaluated again */
	WN_EV_CONTACT,        /* account, contact: added or changed: who of campaigns with members, no_contact verdicts */
	WN_EV_CONTACT_GONE,   /* account, contact, left = opted_out | suppressed | departed | erased */
	WN_EV_SUPPRESSED,     /* account as a whole, left = suppressed */
	WN_EV_RETRACTED,      /* account, signal */
	WN_EV_MEMBER_DUE,     /* member: staleness, box, first touch, blindness */
	WN_EV_CAMPAIGN_DUE,   /* campaign: intake over, proposal too old, final review */
	WN_EV_REPLACED,       /* campaign: its version replaced or withdrawn */
	WN_EV_MIGRATE,        /* campaign: steps not yet planned and the exit policy follow the version in force */
	WN_EV_APPROVE,        /* campaign */
	WN_EV_CANCEL,         /* campaign; all its members must be loaded */
	WN_EV_OUTCOME,        /* outcome; the campaigns of its account's memberships are loaded */
	WN_EV_RESUME,         /* account, why = segment or absent: touches held by a reply go out again */
};
struct wn_event {
	enum wn_event_type type;
	struct wn_verdict *verdict;
	struct wn_account *account;
	struct wn_signal *signal;
	struct wn_contact *contact;
	struct wn_member *member;
	struct wn_campaign *campaign;
	enum wn_left left;
	struct wn_str why;
	struct wn_outcome *outcome;
};
/* What the table of design 05 says, and nothing else. WN_REFUSED (with the reason) for an event that is unlawful in that state
 * and was asked for by an operator; everything else that does nothing leaves a non-action. */
enum wn_rc wn_campaign_step(struct wn_world *w, const struct wn_event *ev, struct wn_err *err) WN_MUST_CHECK;
/* The version whose steps are planned at an instant; WN_NEVER: the newest it was migrated to. */
const struct wn_segment *wn_campaign_steps(const struct wn_campaign *c, int64_t at_us);
/* All verdicts of the world in order, then corroborations. The campaigns of their groups must be loaded. */
enum wn_rc wn_campaign_step_verdicts(struct wn_world *w, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------------ touches */
enum wn_decision_kind { WN_SEND, WN_DEFER, WN_YIELD, WN_HOLD, WN_DROP, WN_EXPIRE, WN_CANCEL };
struct wn_decision {
	enum wn_decision_kind kind;
	struct wn_str reason;        /* stored: window, cap_contact, cap_account, cap_email, rank, field_missing, no_address, ... */
	int64_t until_us;            /* DEFER, YIELD */
	const struct wn_sink_view *sink; /* SEND */
	struct wn_str subject, text, html, variant; /* SEND: rendered, in w->arena; html empty: the step has none */
};
/* At the moment of an attempt. Needs the account with all members and touches loaded. */
struct wn_decision wn_touch_decide(struct wn_world *w, struct wn_touch *t);
/* The words of a step (0-based) for a member, whether or not it may go out now: SEND with subject, text and variant, else the reason why there
 * are none. For people who look before they approve. */
struct wn_decision wn_touch_preview(struct wn_world *w, struct wn_member *m, int step);
/* How much of each cap is used up, over all campaigns, for a touch of this channel to the contact (NULL: the account itself), and the
 * first instant from now on inside its send window. Needs what wn_touch_decide needs. Returns how many caps there are. */
enum { WN_TOUCH_CAPS = 3 };
struct wn_cap_state { const char *name; int used, cap; int64_t span_us, free_us; /* free_us <= now: there is room; cap 0: none */ };
size_t wn_touch_pressure(struct wn_world *w, struct wn_account *a, struct wn_contact *c, struct wn_str channel,
			 struct wn_cap_state caps[WN_TOUCH_CAPS], int64_t *window_us);
/* Writes the decision: SEND moves to sending with a token and the touch.due change (event id stable over retries). */
void wn_touch_apply(struct wn_world *w, struct wn_touch *t, const struct wn_decision *d);
/* What came back of an attempt. */
enum wn_sent { WN_SENT_OK, WN_SENT_RETRY /* refused for now: planned again at retry_us */, WN_SENT_FAILED, WN_SENT_UNKNOWN };
void wn_touch_sent(struct wn_world *w, struct wn_touch *t, enum wn_sent how, int64_t retry_us, struct wn_str detail);
/* An operator drops it. */
enum wn_rc wn_touch_drop(struct wn_world *w, struct wn_touch *t, struct wn_str why, struct wn_err *err) WN_MUST_CHECK;

/* ------------------------------------------------------------------------------------------------ freshness */
/* corroboration(n) = 1.5 - 0.5 * 2^(1-n) for n >= 1 independent publishers (design 05). */
double wn_corroboration(int publishers);
/* w_i(t) = strength * corroboration * 2^(-(t-occurred)/half_life), 0 from hard_stop on. */
double wn_freshness(double strength, int publishers, int64_t occurred_us, int64_t half_life_us, int64_t hard_stop_us, int64_t at_us);
/* Sum over kinds of the largest freshness of that kind. */
double wn_heat(const struct wn_evidence *const *ev, size_t n, int64_t at_us);
/* First instant >= from_us at which heat < floor (from_us if it is already); never WN_NEVER unless floor <= 0: hard stops end it. */
int64_t wn_stale_at(const struct wn_evidence *const *ev, size_t n, double floor, int64_t from_us);

/* True if an outcome of the kind is the metric or a later stage on its way (design 05); COST, CLICK, CHURN, BOUNCE, UNSUBSCRIBE never are. */
bool wn_outcome_reaches(enum wn_outcome_kind kind, const char *metric);
/* Difference of two proportions with its 95 % interval (Newcombe 1998, method 10: from the Wilson intervals of both). False if one side
 * has nobody: not enough data. */
bool wn_lift(int k1, int n1, int k2, int n2, double *diff, double *low, double *high);
/* Wilson score interval at 95 % for k of n (n = 0: 0..1). */
void wn_wilson(int k, int n, double *low, double *high);

#endif
