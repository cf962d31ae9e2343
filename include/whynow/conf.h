/* SPDX-License-Identifier: MIT */
/*
 * Configuration: the option table of the main file, and feeds, sinks, kinds and traits as plain C structs.
 *
 *   wn_conf_load_all(&request, &config, &errors)   everything a daemon starts with, or *all* that is wrong
 *   wn_conf_diff(old, new, arena, &diff)           what a reload would change, and whether it may now
 *
 * Files are the source of feeds, sinks, kinds and traits. CEL and templates are kept as text with their place
 * (struct wn_yaml_text): they are compiled by who knows the environment. A config is read-only after loading, lives
 * in its own arena, and every struct keeps its YAML mapping (`node`) for positions. Secrets are never read here:
 * fields named *_credential hold the NAME of `credential:NAME`.
 *
 * Absent text is {NULL,0}; an absent wn_yaml_text has text.p NULL; durations are microseconds.
 */
#ifndef WHYNOW_CONF_H
#define WHYNOW_CONF_H

#include <whynow/yaml.h>

/* --- small types of the files -------------------------------------------------------------------------- */
/* "2 per 7d": at most n in any span of per_us. "none": n = -1. */
struct wn_conf_cap {
	int64_t n, per_us;
};
/* "09:00-17:00 Mon-Fri", "08:30-12:00 Mon,Wed,Fri", "none" (any time). Local to the zone of who is addressed. */
struct wn_conf_window {
	bool any;
	int from_minute, to_minute; /* of the day, from < to <= 1440 */
	unsigned days;              /* bit 0 = Monday ... bit 6 = Sunday */
};
enum wn_rc wn_conf_cap_from_text(struct wn_str s, struct wn_conf_cap *out, struct wn_err *err) WN_MUST_CHECK;
enum wn_rc wn_conf_window_from_text(struct wn_str s, struct wn_conf_window *out, struct wn_err *err) WN_MUST_CHECK;

/* --- options of the main file --------------------------------------------------------------------------- */
/* When a changed option takes effect after a reload. */
#define WN_RELOAD_LIST(X) X(NOW, "now") X(POLL, "next poll") X(RESTART, "restart")
enum wn_reload {
#define X(name, text) WN_RELOAD_##name,
	WN_RELOAD_LIST(X)
#undef X
};
const char *wn_reload_to_text(enum wn_reload r);

/* Components whose trace can be switched on: log.trace. Bit i of wn_options.log.trace_mask. */
#define WN_TRACE_LIST(X) X(POLL, "poll") X(HTTP, "http") X(READ, "read") X(EXTRACT, "extract") X(ACCOUNT, "account") \
	X(MATCH, "match") X(ENGINE, "engine") X(STORE, "store") X(COURIER, "courier") X(SWEEP, "sweep") X(CLOCK, "clock")
enum wn_trace {
#define X(name, text) WN_TRACE_##name,
	WN_TRACE_LIST(X)
#undef X
};

/* One member a row of the option table (lib/conf/options_table.c), same nesting as the dotted name. */
struct wn_options {
	struct wn_str instance;            /* "" = host name, filled by the daemon */
	struct wn_str time_zone;           /* zone of last resort for send windows and display */
	struct wn_yaml_text exclude;       /* CEL over account and contact: true keeps out of every campaign */
	struct wn_yaml_strings wires;      /* publishers that repeat what companies hand them */
	struct {
		struct wn_str conninfo;    /* "" = libpq's environment */
		struct wn_str password_credential;
		bool insecure_ok;
	} database;
	struct {
		struct wn_str control, group;
	} listen;
	struct {
		struct wn_str listen;      /* "" = no TCP; "127.0.0.1:8470" */
		struct wn_str public_url;  /* "" = no unsubscribe links */
		struct wn_yaml_strings hosts;
		bool page_open;
		struct wn_str page_credential, token_credential;
		struct wn_yaml_strings secrets; /* NAMES of credentials: Standard Webhooks secrets for POST /v1 */
		int64_t connections, body_max, timeout_us;
	} http;
	struct {
		struct wn_str feeds, sinks, kinds, traits, extract, extract_local, vendor, spool; /* absolute after loading */
	} dirs;
	struct {
		int64_t floor_us, ceiling_us, concurrency, per_host, host_gap_us;
		struct wn_str user_agent;
		int64_t timeout_us, connect_timeout_us, low_speed, low_speed_time_us, body_max, backoff_max_us, hint_max_us;
		double jitter;
		struct wn_str proxy, ca_file;
		struct wn_yaml_strings allow_networks; /* CIDR; what allow_private may reach; empty = any private */
		int64_t flood_min;
		double flood_share;
	} poll;
	struct {
		int64_t factor, min_us;
	} blind;
	struct {
		struct wn_conf_cap contact, account, email_contact;
		int64_t rank_window_us;
	} caps;
	struct {
		struct wn_str redirect_to; /* "" = nowhere */
		struct wn_conf_window window;
		int64_t claim_lease_us;
	} touches;
	struct {
		int64_t proposed_ttl_us;
	} campaigns;
	struct {
		int64_t concurrency, lease_us, timeout_us, dead_after_us;
	} delivery;
	struct {
		int64_t items;
	} batch;
	struct {
		int64_t tick_us;
	} engine;
	struct {
		int64_t signals_us, seen_us, history_us, rejects_us, outbox_us, partitions_ahead_us;
	} retention;
	struct {
		int level;                 /* enum wn_level */
		struct wn_yaml_strings trace;
		unsigned trace_mask;       /* bits of enum wn_trace, from `trace` */
	} log;
};

enum wn_option_type {
	WN_OPTION_STRING, WN_OPTION_BOOL, WN_OPTION_INT, WN_OPTION_DURATION, WN_OPTION_SIZE, WN_OPTION_PERCENT,
	WN_OPTION_DOUBLE, WN_OPTION_STRINGS, WN_OPTION_LEVEL, WN_OPTION_CREDENTIAL, WN_OPTION_CREDENTIALS, WN_OPTION_CAP,
	WN_OPTION_WINDOW, WN_OPTION_CEL, WN_OPTION_PATH, WN_OPTION_ZONE, WN_OPTION_TRACE,
};
/* The one option table: parsing, ranges, defaults, `config show`, the sample file and the manual come from it. */
struct wn_option {
	const char *name;      /* dotted: "poll.floor" */
	enum wn_option_type type;
	size_t offset;         /* in struct wn_options */
	const char *def;       /* default, as YAML */
	double min, max;       /* both 0: no range; durations in seconds */
	const char *unit;      /* "requests", NULL = none or part of the type */
	enum wn_reload reload;
	const char *help;      /* one line, no full stop */
	const char *more;      /* a paragraph for the manual and the sample */
};
const struct wn_option *wn_options_table(size_t *n);
const struct wn_option *wn_option_find(const char *name); /* NULL if there is none */
/* "a duration", "2 per 7d or none": what a value looks like. */
const char *wn_option_type_to_text(enum wn_option_type type);
/* "5m to 24h", "" without a range. */
void wn_option_range(const struct wn_option *o, struct wn_buf *b);
/* Value of an option as YAML text. */
void wn_option_value(const struct wn_options *opts, const struct wn_option *o, struct wn_buf *b);

/* --- feeds ----------------------------------------------------------------------------------------------- */
/* In the order of enum wn_format (feed.h), which may not be included here. */
enum wn_conf_format {
	WN_CONF_FORMAT_AUTO, WN_CONF_FORMAT_RSS, WN_CONF_FORMAT_ATOM, WN_CONF_FORMAT_RDF, WN_CONF_FORMAT_JSONFEED,
	WN_CONF_FORMAT_JSON, WN_CONF_FORMAT_JSONL, WN_CONF_FORMAT_CSV,
};

enum wn_feed_mode { WN_FEED_POLL, WN_FEED_PUSH, WN_FEED_STREAM };
enum wn_feed_extract { WN_EXTRACT_NONE, WN_EXTRACT_NEWS };
enum wn_feed_accounts { WN_ACCOUNTS_KNOWN, WN_ACCOUNTS_CREATE };
enum wn_feed_changes { WN_CHANGES_ALL, WN_CHANGES_ADDED, WN_CHANGES_REMOVED, WN_CHANGES_CHANGED };
enum wn_feed_scope { WN_SCOPE_NONE, WN_SCOPE_ALL, WN_SCOPE_LIST };
enum wn_feed_page { WN_PAGE_NONE, WN_PAGE_NUMBER, WN_PAGE_OFFSET, WN_PAGE_CURSOR, WN_PAGE_LINK };
enum wn_feed_scope_of_wait { WN_WAIT_BY_ADDRESS, WN_WAIT_HOST, WN_WAIT_FEED };
enum wn_feed_auth { WN_AUTH_NONE, WN_AUTH_BEARER, WN_AUTH_BASIC, WN_AUTH_HEADER, WN_AUTH_QUERY };

/* One computed value: `position: item.title`. */
struct wn_conf_expr {
	struct wn_str name;
	struct wn_place at;      /* of the name */
	struct wn_yaml_text cel;
};
struct wn_conf_exprs {
	size_t n;
	const struct wn_conf_expr *v; /* in the order of the file, names unique */
};
struct wn_conf_header {
	struct wn_str name, value;  /* value {NULL,0} when it is a credential */
	struct wn_str credential;
};
struct wn_conf_headers {
	size_t n;
	const struct wn_conf_header *v;
};

struct wn_feed_conf {
	const struct wn_yaml_node *node;
	struct wn_str name, url;       /* url: {NULL,0} for push */
	enum wn_feed_mode mode;
	enum wn_conf_format format;
	struct {
		const struct wn_yaml_node *node;
		int64_t floor_us, ceiling_us; /* poll.floor and poll.ceiling where the file says nothing */
	} every;
	struct wn_str publisher;       /* registrable domain; {NULL,0}: the item's own link decides */
	enum wn_feed_extract extract;
	enum wn_feed_accounts accounts;
	struct {
		const struct wn_yaml_node *node;
		struct wn_yaml_strings kinds;
		enum wn_feed_scope scope;
		struct wn_yaml_strings domains; /* WN_SCOPE_LIST */
	} reports;
	struct wn_yaml_text items, id, where; /* CEL */
	struct wn_yaml_text source;     /* CEL: the publisher that the item names as its source */
	struct {
		const struct wn_yaml_node *node;
		struct wn_str domain;           /* literal, lower case */
		struct wn_yaml_text domain_from, name, email_from; /* CEL */
	} account;
	struct {
		const struct wn_yaml_node *node;
		struct wn_yaml_text name, email, position; /* CEL: the person that a signal names; email falls back to account.email_from */
	} contact;
	struct wn_str signal_kind;      /* {NULL,0}: no signal: mapping */
	struct wn_place signal_kind_at;
	struct {
		struct wn_yaml_text occurred_at, published_at, headline, url; /* the common fields of signal: */
	} common;
	struct wn_conf_exprs signal;    /* the attributes of signal: */
	struct wn_str outcome_kind;     /* {NULL,0}: no outcome: mapping */
	struct wn_place outcome_kind_at;
	struct wn_conf_exprs outcome;   /* of occurred_at, account, email, touch, campaign, value, cost, currency, key, note */
	struct wn_conf_exprs traits;    /* trait of the account, or "contact.NAME" */
	enum wn_feed_changes changes;
	struct {
		const struct wn_yaml_node *node;
		enum wn_feed_page by;
		struct wn_str param;            /* query parameter that carries page, offset or cursor */
		struct wn_yaml_text cursor;     /* CEL over doc: the next cursor, or a whole URL; null, "" or false ends */
		struct wn_str limit_param;
		int64_t first, limit, max;      /* first page number; items a page (0: not sent); pages a poll */
	} page;
	struct {
		const struct wn_yaml_node *node;
		enum wn_feed_auth how;
		struct wn_str name;             /* header or query parameter; basic: {NULL,0}, the secret is "user:password" */
		struct wn_str credential;
	} auth;
	struct {
		const struct wn_yaml_node *node;
		struct wn_str bearer_credential;
		struct wn_yaml_strings secret_credentials; /* NAMES; Standard Webhooks, several in rotation */
	} push;
	struct {
		const struct wn_yaml_node *node;
		struct wn_yaml_text cursor;     /* CEL over item */
		struct wn_str param;
	} stream;
	struct wn_conf_headers headers;
	enum wn_feed_scope_of_wait retry_after; /* whom 429 and Retry-After hold; by address: a feed with allow_private itself, else its host */
	bool allow_private;
	int64_t max_age_us;            /* 0: no bound */
	double strength;               /* (0,1] */
	int64_t expect_every_us;       /* push: blind after 3 x this; 0: never */
	int64_t body_max;              /* bytes; poll.body_max by default */
	struct wn_str description;
	struct wn_place at;
	uint8_t checksum[32];          /* SHA-256 of the canonical document: equal for equal meaning */
};

/* --- sinks ----------------------------------------------------------------------------------------------- */
enum wn_sink_kind { WN_SINK_WEBHOOK, WN_SINK_SMTP, WN_SINK_FILE, WN_SINK_JOURNAL };
enum wn_sink_format { WN_SINK_CLOUDEVENTS, WN_SINK_TEMPLATE };
struct wn_sink_conf {
	const struct wn_yaml_node *node;
	struct wn_str name;
	enum wn_sink_kind kind;
	struct wn_str url;             /* webhook: http(s); smtp: smtp:// or smtps:// */
	struct wn_str path;            /* file: absolute, or relative to dirs.spool */
	enum wn_sink_format format;
	struct wn_yaml_strings channels;
	struct wn_yaml_strings events; /* "campaign.*", "touch.due", "*" */
	bool allow_private;
	int64_t timeout_us;            /* 0: delivery.timeout */
	struct wn_str ca_file;         /* absolute; {NULL,0}: the system's authorities */
	struct wn_conf_headers headers;
	struct wn_yaml_strings secret_credentials; /* NAMES; webhook: at most two; both sign, while a secret is rotated */
	struct wn_str bearer_credential;
	struct {
		const struct wn_yaml_node *node;
		struct wn_yaml_text body;   /* Mustache */
		struct wn_str content_type;
	} template;
	struct wn_str user, password_credential, from; /* smtp; from "": account or segment owner */
	bool starttls;                 /* smtp://: required, true by default */
	struct {
		const struct wn_yaml_node *node;
		struct wn_str mailto, url;
	} unsubscribe;
	struct wn_place at;
	uint8_t checksum[32];
};
/* Does one of the sink's patterns take this event type? A sink with neither events nor channels takes nothing. */
bool wn_sink_takes_event(const struct wn_sink_conf *s, const char *type);
bool wn_sink_takes_channel(const struct wn_sink_conf *s, struct wn_str channel);

/* --- kinds and traits -------------------------------------------------------------------------------------- */
/* In the order of enum wn_attr_type (registry.h), which may not be included here. */
#define WN_CONF_TYPE_LIST(X) X(STRING, "string") X(INT, "int") X(DOUBLE, "double") X(BOOL, "bool") \
	X(TIMESTAMP, "timestamp") X(LIST, "list") /* of strings */ X(PLACE, "place") X(ENUM, "enum")
enum wn_conf_type {
#define X(name, text) WN_CONF_TYPE_##name,
	WN_CONF_TYPE_LIST(X)
#undef X
};
const char *wn_conf_type_to_text(enum wn_conf_type t);

struct wn_attr_conf {
	const struct wn_yaml_node *node; /* the mapping, or the scalar that names the type */
	struct wn_str name;
	enum wn_conf_type type;
	struct wn_yaml_strings values; /* enum */
	bool identity;                 /* takes part in "same fact" */
	bool money;                    /* double: compared within 10 % there */
	struct wn_str description;
	struct wn_place at;            /* of the name */
};
struct wn_kind_conf {
	const struct wn_yaml_node *node;
	struct wn_str name, description;
	double strength;               /* (0,1] */
	int64_t same_within_us;        /* 0: every item is a signal */
	int64_t half_life_us, hard_stop_us, first_touch_us;
	size_t n_attributes;
	const struct wn_attr_conf *attributes;
	struct wn_place at;
	uint8_t checksum[32];
};
/* The common fields of every signal (`contact` too: who it was); no attribute may take these names. */
extern const char *const wn_signal_common_names[]; /* NULL-terminated */

struct wn_trait_rule {
	const struct wn_yaml_node *node;
	struct wn_yaml_text when;      /* CEL over account (and contact, signals); {NULL}: otherwise */
	struct wn_value value;         /* of the trait's type */
};
enum wn_conf_of { WN_CONF_OF_ACCOUNT, WN_CONF_OF_CONTACT }; /* in the order of enum wn_trait_of (registry.h) */
enum wn_trait_pick { WN_PICK_LAST, WN_PICK_FIRST };
struct wn_trait_conf {
	const struct wn_yaml_node *node;
	struct wn_str name, description;
	enum wn_conf_of of;
	enum wn_conf_type type;
	struct wn_yaml_strings values; /* enum */
	struct wn_value def;           /* ABSENT: none */
	struct wn_yaml_list rules;     /* of struct wn_trait_rule: first that is true; computed trait */
	struct {
		const struct wn_yaml_node *node; /* NULL: not taken from signals */
		struct wn_str attribute;
		struct wn_yaml_strings kinds;    /* empty: every kind that has it */
		enum wn_trait_pick pick;         /* by occurred_at */
	} from;
	struct wn_place at;
	uint8_t checksum[32];
};
/* Fields every account and contact has without a trait; no trait may take these names. NULL-terminated. */
extern const char *const wn_account_builtin_names[], *const wn_contact_builtin_names[];

/* --- the whole ----------------------------------------------------------------------------------------------- */
struct wn_config {
	struct wn_arena *arena;
	struct wn_options options;
	const struct wn_place *option_at; /* per row of the table; file NULL: default; file "-o": an override */
	size_t n_feeds, n_sinks, n_kinds, n_traits;
	const struct wn_feed_conf *feeds;   /* sorted by name, names unique */
	const struct wn_sink_conf *sinks;
	const struct wn_kind_conf *kinds;
	const struct wn_trait_conf *traits; /* sorted by of, name */
	size_t n_disabled;                  /* documents with `enabled: false`: checked, then left out */
	size_t n_files;
};
struct wn_conf_request {
	const char *main_path;      /* NULL or missing with main_optional: all defaults */
	bool main_optional;
	const char *const *sets;    /* "poll.floor=5s", NULL-terminated; win over the file; may be NULL */
	bool options_only;          /* do not read the folders */
};
/* Reads the main file and the folders. On failure *out is untouched and `errors` holds all that is wrong. Relative
 * dirs.* are relative to the main file's folder (without one, to the current one). For each folder the vendor's
 * files (dirs.vendor/X.d) are read unless a file of the same name is in dirs.X; an empty file masks. */
enum wn_rc wn_conf_load_all(const struct wn_conf_request *req, struct wn_config **out,
			    struct wn_yaml_errors *errors) WN_MUST_CHECK;
void wn_config_free(struct wn_config *c);
void wn_config_freep(struct wn_config **c);

const struct wn_feed_conf *wn_config_feed(const struct wn_config *c, struct wn_str name);
const struct wn_sink_conf *wn_config_sink(const struct wn_config *c, struct wn_str name);
const struct wn_kind_conf *wn_config_kind(const struct wn_config *c, struct wn_str name);
const struct wn_trait_conf *wn_config_trait(const struct wn_config *c, enum wn_conf_of of, struct wn_str name);
const struct wn_attr_conf *wn_kind_attr(const struct wn_kind_conf *k, struct wn_str name);
/* Attribute of any kind (its type is the same over all). NULL if no kind has it. */
const struct wn_attr_conf *wn_config_attr(const struct wn_config *c, struct wn_str name);

/* Parts, for tests, for rows that come from elsewhere, and for `feed test`. Documents of one stream are appended to
 * `out` (a WN_VEC). `defaults` may be NULL. */
struct wn_feed_confs { WN_VEC(struct wn_feed_conf) list; size_t n_disabled; };
struct wn_sink_confs { WN_VEC(struct wn_sink_conf) list; size_t n_disabled; };
struct wn_kind_confs { WN_VEC(struct wn_kind_conf) list; };
struct wn_trait_confs { WN_VEC(struct wn_trait_conf) list; };
void wn_conf_feeds(const struct wn_yaml_docs *docs, const struct wn_options *defaults, struct wn_arena *a,
		   struct wn_feed_confs *out, struct wn_yaml_errors *errors);
void wn_conf_sinks(const struct wn_yaml_docs *docs, struct wn_arena *a, struct wn_sink_confs *out, struct wn_yaml_errors *errors);
void wn_conf_kinds(const struct wn_yaml_docs *docs, struct wn_arena *a, struct wn_kind_confs *out, struct wn_yaml_errors *errors);
void wn_conf_traits(const struct wn_yaml_docs *docs, struct wn_arena *a, struct wn_trait_confs *out, struct wn_yaml_errors *errors);

/* Options from one document (root may be NULL: all defaults). option_at has one element a row. */
enum wn_rc wn_conf_options(const struct wn_yaml_node *root, const char *const *sets, struct wn_arena *a,
			   struct wn_options *out, struct wn_place *option_at, struct wn_yaml_errors *errors) WN_MUST_CHECK;

/* --- showing -------------------------------------------------------------------------------------------------- */
/* Is it http(s)://HOST..., without user, blanks and control characters? */
bool wn_conf_is_http_url(struct wn_str s);

/* The commented sample file: every option with its default commented out. conf/whynow.yaml is exactly this. */
void wn_conf_sample(struct wn_buf *b);
/* mdoc text of the options for whynow.yaml(5). */
void wn_conf_manual(struct wn_buf *b);
/* `config show`: name, value, and FILE:LINE or "default"; json: one object {name: {value, source, default, reload}}. */
void wn_conf_show(const struct wn_config *c, struct wn_buf *b, bool json);

/* --- reload ---------------------------------------------------------------------------------------------------- */
enum wn_conf_change { WN_CHANGE_ADDED, WN_CHANGE_REMOVED, WN_CHANGE_CHANGED };
struct wn_conf_diff_option {
	const struct wn_option *option;
	struct wn_str from, to; /* as YAML text */
};
struct wn_conf_diff_thing {
	const char *what;       /* "feed", "sink", "kind", "trait" */
	struct wn_str name;
	enum wn_conf_change change;
};
struct wn_conf_diff {
	size_t n_options, n_things;
	const struct wn_conf_diff_option *options;
	const struct wn_conf_diff_thing *things;
	bool needs_restart;     /* some changed option is of class restart */
};
/* Borrows both configs and the arena. */
void wn_conf_diff(const struct wn_config *from, const struct wn_config *to, struct wn_arena *a, struct wn_conf_diff *out);
/* One line a change: `poll.floor: 5m -> 1m (now)`, `feed acme-jobs: added`. */
void wn_conf_diff_to_text(const struct wn_conf_diff *d, struct wn_buf *b);

#endif
