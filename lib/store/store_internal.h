/* SPDX-License-Identifier: MIT */
/* What the files of the store share with each other and with nobody else. */
#ifndef WN_STORE_INTERNAL_H
#define WN_STORE_INTERNAL_H

#include <whynow/failpoint.h>
#include <whynow/limits.h>
#include <whynow/store.h>

/* Statements by name: wn_sql_account_lock and so on; a name without its block in lib/store/sql does not link. */
#define S(name, sql) extern const struct wn_stmt wn_sql_##name;
#include <statements.inc>
#undef S
const struct wn_stmt *stmt_at(size_t i); /* NULL past the last */

struct wn_store {
	struct wn_pg *pg;
	struct wn_turn turn;
	uint8_t key[WN_STORE_KEY];
	bool has_key, notified;
	enum { TRGM_UNKNOWN, TRGM_THERE, TRGM_MISSING } trgm; /* the extension pg_trgm */
	char *instance;
};

/* `return rc` on failure, for straight-line code. */
#define TRY(call)                                                                                            \
	do {                                                                                                 \
		enum wn_rc try_rc_ = (call);                                                                 \
		if (try_rc_ != WN_OK)                                                                        \
			return try_rc_;                                                                      \
	} while (0)
#define RESULT(name) WN_CLEANUP(wn_pg_result_done) struct wn_pg_result name = {0}

enum wn_rc need_key(const struct wn_store *s, struct wn_err *err);

/* Runs fn inside a transaction: the caller's if one is open, else one of its own. */
enum wn_rc in_transaction(struct wn_store *s, enum wn_rc (*fn)(struct wn_store *, void *, struct wn_err *), void *ctx, struct wn_err *err);

/* --- values.c: between values and columns ---- */
struct wn_pg_param param_json(struct wn_arena *a, struct wn_value v);          /* jsonb; ABSENT becomes NULL */
struct wn_pg_param param_json_or(struct wn_arena *a, struct wn_value v, const char *dflt);
struct wn_pg_param param_str(struct wn_str s);                                 /* declared text; absent becomes NULL */
struct wn_pg_param param_cstr(const char *s);
struct wn_pg_param param_text(struct wn_str s);                                /* empty becomes NULL, too */
struct wn_pg_param param_time_0(int64_t us);                                   /* 0 becomes NULL; WN_NEVER is infinity */
struct wn_pg_param param_day(int64_t us);                                      /* UTC day */
struct wn_pg_param param_uuid_0(struct wn_id id);                              /* nil becomes NULL */
int32_t day_of(int64_t us);
struct wn_value get_json(const struct wn_pg_result *r, int row, int col, struct wn_arena *a);
struct wn_str get_str(const struct wn_pg_result *r, int row, int col, struct wn_arena *a); /* copy; NULL is absent */
int64_t get_us_0(const struct wn_pg_result *r, int row, int col);              /* NULL is 0 */
/* Values as JSON gave them, converted to the types of the kind's attributes. */
struct wn_value coerce_attrs(const struct wn_registry *r, int kind, struct wn_value attrs, struct wn_arena *a);

/* A list of (bucket, id) as two array parameters. */
struct key_list { WN_VEC(struct wn_id) ids; WN_VEC(int64_t) buckets; };
void key_add(struct wn_arena *a, struct key_list *l, struct wn_id id, int bucket);
#define KEY_PARAMS(arena, list) wn_pg_int8s((arena), (list)->buckets.v, (list)->buckets.n), wn_pg_ids((arena), (list)->ids.v, (list)->ids.n)

/* --- the world ---- */
/* Every account row of a world is one of these: what the engine does not need to know stands behind. */
struct account_row {
	struct wn_account base;
	const struct wn_id *merged_from; size_t n_merged_from; /* accounts whose signals are shown here */
	size_t kept;                                           /* signals in memory when a load began */
};
static inline struct account_row *row_of(struct wn_account *a) { return (struct account_row *)a; }
struct contact_row { struct wn_contact base; struct wn_str consent; };
struct wn_campaign *campaign_of_row(struct wn_world *w, const struct wn_pg_result *r, int row, struct wn_err *err);
void account_of_row(struct wn_world *w, const struct wn_pg_result *r, int row); /* columns of account_lock */
struct wn_account *account_insert_sorted(struct wn_world *w, struct wn_account *a);
int bucket_id_cmp(int bucket_a, struct wn_id a, int bucket_b, struct wn_id b);
/* Signals ascending by (occurred, key); contacts by id. */
void account_add_signal(struct wn_world *w, struct wn_account *a, struct wn_signal *s);
void account_add_contact(struct wn_world *w, struct wn_account *a, struct wn_contact *c);
/* Account rows locked and read in two halves, so that other statements may go in the same round trip: queue, flush, take (always). */
struct account_locks { struct wn_id *ids; struct wn_pg_result *rows; size_t n; };
enum wn_rc account_locks_queue(struct wn_store *s, struct wn_world *w, const struct wn_id *ids, size_t n, struct account_locks *l,
			       struct wn_err *err);
void account_locks_take(struct wn_world *w, struct account_locks *l, bool ok);
enum wn_rc load_members(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts, size_t n, struct wn_err *err);
enum wn_rc load_suppressions(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts, size_t n, struct wn_err *err);
/* Signals of the account, kind and span [from, to] that are candidates for the same fact. */
struct same_query { struct wn_account *account; const char *kind; int64_t from_us, to_us; };
enum wn_rc load_same(struct wn_store *s, struct wn_world *w, const struct same_query *q, size_t n, struct wn_err *err);
enum wn_rc load_signals_of_sightings(struct wn_store *s, struct wn_world *w, struct wn_account *const *accounts,
				     const struct wn_key32 *keys, size_t n, struct wn_id *signal_keys, struct wn_err *err);

/* Place of a stored trait's source in enum wn_trust, -1: none. */
int wn_trait_trust(struct wn_value trait);

/* New accounts, inserted (ON CONFLICT DO NOTHING, sorted) before the locks. */
struct new_account { struct wn_id id; struct wn_str domain, name; const char *state; };
struct wn_id alias_id(const char *kind, struct wn_str alias);

/* Rows by which accounts are found (names.c): aliases, and for accounts that are known pieces and words of their names. */
struct near_row { struct wn_id id; struct wn_str name; };
struct name_rows {
	struct wn_arena *a;
	const char *source;
	int64_t now_us;
	WN_VEC(struct wn_pg_param) aliases; /* ALIAS_COLUMNS each */
	WN_VEC(struct near_row) near;
};
enum { ALIAS_COLUMNS = 7, NEAR_COLUMNS = 3 };
void name_rows_add(struct name_rows *r, const struct new_account *a);
void name_rows_alias(struct name_rows *r, struct wn_id account, const char *kind, struct wn_str alias);
void name_rows_name(struct name_rows *r, struct wn_id account, struct wn_str name, bool listed);
/* COPY of rows into a table, binary, now; nothing may be queued. A row that exists already: WN_AGAIN. */
enum wn_rc copy_rows(struct wn_store *s, const struct wn_stmt *copy, const struct wn_pg_param *p, size_t rows, size_t cols,
		     struct wn_err *err);
/* Rows that may be there: queued. Rows of new accounts, all at once: copied now. */
enum wn_rc name_rows_copy(struct wn_store *s, struct name_rows *r, struct wn_err *err);
enum wn_rc name_rows_queue(struct wn_store *s, struct name_rows *r, struct wn_err *err);

/* What a failed write means to the unit of work (flush.c). */
enum wn_rc store_translate(struct wn_store *s, enum wn_rc rc, struct wn_err *err);

/* Events of a flush (flush_events.c). */
enum wn_rc flush_changes(struct wn_store *s, struct wn_world *w, struct wn_err *err);
enum wn_rc flush_touch_outbox(struct wn_store *s, struct wn_world *w, struct wn_err *err);
enum wn_rc flush_reviews(struct wn_store *s, struct wn_world *w, struct wn_err *err);
enum wn_rc flush_outcomes(struct wn_store *s, struct wn_world *w, struct wn_err *err); /* outcomes.c */
struct wn_id subject_id_of(const char *subject, struct wn_str name);

#endif
