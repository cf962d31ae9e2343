/* SPDX-License-Identifier: MIT */
/*
 * Whose is it: sightings to accounts. Reads only; each step asks for the whole batch at once. A sighting that was
 * seen before keeps its account; for the others what their hints could mean is read (resolve_look.c) and then
 * decided (resolve_decide.c).
 */
#include "resolve_internal.h"

#include <stdlib.h>

/* --- id map ---- */
static size_t slot_of(const struct id_map *m, struct wn_id id)
{
	uint64_t h;
	memcpy(&h, id.b + 8, sizeof(h));
	size_t i = (size_t)(h * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (m->cap - 1);
	while (m->values[i] && !wn_id_eq(m->keys[i], id))
		i = (i + 1) & (m->cap - 1);
	return i;
}

static void id_map_grow(struct id_map *m)
{
	struct id_map old = *m;
	m->cap = old.cap ? old.cap * 2 : 64;
	m->keys = WN_NEW_N(m->a, struct wn_id, m->cap);
	m->values = WN_NEW_N(m->a, void *, m->cap);
	for (size_t i = 0; i < old.cap; i++)
		if (old.values[i]) {
			size_t at = slot_of(m, old.keys[i]);
			m->keys[at] = old.keys[i];
			m->values[at] = old.values[i];
		}
}

/* The caller must put something that is not NULL there, else the slot is not taken. */
void **id_map_at(struct id_map *m, struct wn_id id)
{
	if (2 * (m->n + 1) > m->cap)
		id_map_grow(m);
	size_t i = slot_of(m, id);
	if (!m->values[i]) {
		m->keys[i] = id;
		m->n++;
	}
	return &m->values[i];
}

void *id_map_get(const struct id_map *m, struct wn_id id)
{
	return m->cap ? m->values[slot_of(m, id)] : NULL;
}

/* --- seen ---- */
static void put_text(struct wn_buf *b, struct wn_str s)
{
	wn_buf_int(b, (int64_t)s.n);
	wn_buf_char(b, ':');
	wn_buf_str(b, s);
}

/* What a sighting says, without the times that a feed without dates makes up at each poll. */
static void content_of(const struct wn_registry *r, const struct wn_sighting *x, uint8_t out[16])
{
	WN_CLEANUP(wn_buf_done) struct wn_buf b;
	uint8_t sum[32];
	wn_buf_init(&b, WN_JSON_BYTES_MAX);
	wn_buf_text(&b, x->kind >= 0 ? wn_registry_kind(r, x->kind)->name : "");
	if (x->occurred_us < x->observed_us)
		wn_buf_printf(&b, "@%lld", (long long)x->occurred_us);
	put_text(&b, x->headline);
	put_text(&b, x->url);
	put_text(&b, x->contact.name);
	put_text(&b, x->contact.email);
	put_text(&b, x->contact.position);
	wn_json_write_canonical(&b, x->attrs.kind == WN_ABSENT ? wn_null() : x->attrs);
	wn_json_write_canonical(&b, x->traits.kind == WN_ABSENT ? wn_null() : x->traits);
	wn_sha256(wn_buf_slice(&b), sum);
	memcpy(out, sum, 16);
}

enum { SEEN_RENEW_DAYS = 7 };

static enum wn_rc look_up_seen(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	RESULT(r);
	int64_t *buckets = WN_NEW_N(w->arena, int64_t, in->n + 1);
	struct wn_str *keys = WN_NEW_N(w->arena, struct wn_str, in->n + 1);
	for (size_t i = 0; i < in->n; i++) {
		buckets[i] = wn_key32_bucket(in->sightings[i].key);
		keys[i] = (struct wn_str){(const char *)in->sightings[i].key.b, 32};
		content_of(w->catalog->registry, &in->sightings[i], in->plan->rows[i].content);
	}
	TRY(wn_pg_exec(s->pg, &wn_sql_seen_lookup,
		       WN_PARAMS(wn_pg_int8s(w->arena, buckets, in->n), wn_pg_blobs(w->arena, keys, in->n)), &r,
		       err));
	for (int i = 0; i < r.rows; i++) {
		struct plan_row *p = &in->plan->rows[wn_pg_get_int(&r, i, 0) - 1];
		struct wn_str content = wn_pg_get_str(&r, i, 2);
		bool same = content.n == 16 && memcmp(content.p, p->content, 16) == 0;
		p->how = same ? WN_INTAKE_DUPLICATE : WN_INTAKE_EDITED;
		p->account = wn_pg_get_id(&r, i, 1);
		p->link.method = "seen";
		p->touch_seen = !same || day_of(wn_pg_get_us(&r, i, 3)) + SEEN_RENEW_DAYS < day_of(w->now_us);
	}
	return WN_OK;
}

/* The same sighting twice in one batch: the first one counts. */
static void drop_repeats(struct wn_world *w, struct wn_intake *in)
{
	struct id_map map = {.a = w->arena};
	for (size_t i = 0; i < in->n; i++) {
		struct wn_id head;
		memcpy(head.b, in->sightings[i].key.b, 16);
		void **slot = id_map_at(&map, head);
		if (*slot && in->plan->rows[i].how != WN_INTAKE_DUPLICATE)
			in->plan->rows[i] = (struct plan_row){.how = WN_INTAKE_DUPLICATE, .link.method = "seen"};
		*slot = (void *)1;
	}
}

/* --- the batch ---- */
struct wn_id alias_id(const char *kind, struct wn_str alias)
{
	struct wn_str fields[] = {wn_str_of(kind), alias};
	return wn_id_of("alias", fields, 2);
}

void plan_begin(struct wn_world *w, struct wn_intake *in)
{
	in->plan = WN_NEW(w->arena, struct wn_intake_plan);
	in->plan->rows = WN_NEW_N(w->arena, struct plan_row, in->n + 1);
	in->rows = WN_NEW_N(w->arena, struct wn_intake_row, in->n + 1);
}

enum wn_rc resolve_accounts(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	struct lookup l = {.a = w->arena, .exact = in->exact, .aliases = {.a = w->arena}, .accounts = {.a = w->arena}, .near = {.a = w->arena}};
	struct hint *hints = WN_NEW_N(w->arena, struct hint, in->n + 1);
	for (size_t i = 0; i < in->n; i++) {
		hints[i].row = &in->plan->rows[i];
		if (in->plan->rows[i].how == WN_INTAKE_EDITED)
			want_account(&l, in->plan->rows[i].account);
		else if (in->plan->rows[i].how == WN_INTAKE_NEW)
			hint_read(s, w, &in->sightings[i], &l, &hints[i]);
	}
	TRY(look_up_hints(s, &l, hints, in->n, err));
	for (size_t i = 0; i < in->n; i++)
		decide(s, w, in, &l, i, &hints[i]);
	return WN_OK;
}

static void show_plan(struct wn_intake *in)
{
	for (size_t i = 0; i < in->n; i++) {
		in->rows[i].how = in->plan->rows[i].how;
		in->rows[i].link = in->plan->rows[i].link;
	}
}

enum wn_rc wn_store_resolve(struct wn_store *s, struct wn_world *w, struct wn_intake *in, struct wn_err *err)
{
	plan_begin(w, in);
	TRY(look_up_seen(s, w, in, err));
	if (!wn_planted("check_then_insert"))
		drop_repeats(w, in);
	TRY(resolve_accounts(s, w, in, err));
	show_plan(in);
	wn_failpoint("store.resolve");
	return WN_OK;
}
