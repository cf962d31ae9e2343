/* SPDX-License-Identifier: MIT */
/*
 * Snapshot feeds with `changes: removed` or `changed`: an answer is compared with what was there before. That something is gone is
 * believed after two whole answers without it at least a day apart: an outage, a cut page or a bot wall never looks as if everything
 * had vanished. (`changes: added` needs none of this: what was ever seen is no news.)
 */
#include "intake_parts.h"
#include <stdio.h>
#include <stdlib.h>

#define BELIEVED_AFTER WN_DAY

struct wn_snapshot {
	struct wn_feed_item *known; size_t n_known; /* by item */
	bool *there;                                /* of known: this answer holds it */
	WN_VEC(struct wn_feed_item) seen;
	WN_VEC(struct wn_str) missing, gone;
	size_t *removed; size_t n_removed, at;      /* of known: to be told */
	bool compared, broken, afresh;
};

static bool is_snapshot(const struct wn_book_feed *b) { return b && b->conf->changes >= WN_CHANGES_REMOVED; }

enum wn_rc wn_snapshot_load(struct wn_feed_answer *a, struct wn_err *err)
{
	struct wn_daemon *d = a->d;
	if (!is_snapshot(a->book_feed) || a->error || (a->poll.outcome != WN_POLL_ITEMS && a->poll.outcome != WN_POLL_NOT_MODIFIED))
		return WN_OK;
	struct wn_snapshot *s = a->snapshot = WN_NEW(a->arena, struct wn_snapshot);
	s->afresh = !a->feed->state.first_done && !a->known.walk_us; /* another address, or none before */
	if (s->afresh)
		return WN_OK;
	enum wn_rc rc = wn_session_ensure(d, &d->intake_session);
	if (rc == WN_OK)
		rc = wn_turn_take(d->loop, wn_store_turn(d->intake_session.store));
	if (rc)
		return rc;
	rc = wn_store_feed_items(d->intake_session.store, a->feed->name, a->arena, &s->known, &s->n_known, err);
	wn_turn_give(wn_store_turn(d->intake_session.store));
	s->there = WN_NEW_N(a->arena, bool, s->n_known + 1);
	s->removed = WN_NEW_N(a->arena, size_t, s->n_known + 1);
	return rc;
}

static int by_item(const void *x, const void *y)
{
	return wn_str_cmp(((const struct wn_feed_item *)x)->item, ((const struct wn_feed_item *)y)->item);
}

/* What its signal says; dates that move without anything being new are no change. */
static struct wn_key32 content_of(const struct wn_sighting *x)
{
	struct wn_buf b;
	wn_buf_init(&b, WN_ITEM_BYTES_MAX * 2);
	wn_json_write(&b, x->attrs);
	if (x->traits.kind == WN_MAP)
		wn_json_write(&b, x->traits);
	struct wn_key32 key = wn_key32_of("content", (struct wn_str[]){x->headline, x->url, wn_buf_slice(&b)}, 3);
	wn_buf_done(&b);
	return key;
}

static struct wn_str hex(struct wn_key32 key, struct wn_arena *a)
{
	char text[17];
	for (int i = 0; i < 8; i++)
		snprintf(&text[2 * i], 3, "%02x", key.b[i]);
	return wn_arena_str(a, wn_str_of(text));
}

static void rename_item(struct wn_sighting *x, const char *why, struct wn_str mark, struct wn_arena *a)
{
	x->item = wn_str_of(wn_arena_printf(a, "%s:" WN_STR_FMT ":" WN_STR_FMT, why, WN_STR_ARG(mark), WN_STR_ARG(x->item)));
	x->key = wn_sighting_key(x->feed, x->item, x->place);
}

bool wn_snapshot_take(struct wn_feed_answer *a, struct wn_sighting *x, struct wn_value value, struct wn_arena *arena)
{
	struct wn_snapshot *s = a->snapshot;
	struct wn_key32 content = content_of(x);
	struct wn_feed_item key = {.item = x->item};
	if (!s)
		return true;
	*WN_PUSH(a->arena, &s->seen) = (struct wn_feed_item){.item = wn_arena_str(a->arena, x->item), .content = content, .value = value};
	struct wn_feed_item *was = s->n_known ? bsearch(&key, s->known, s->n_known, sizeof(key), by_item) : NULL;
	if (was)
		s->there[was - s->known] = true;
	if (a->book_feed->conf->changes != WN_CHANGES_CHANGED || !was || memcmp(was->content.b, content.b, sizeof(content.b)) == 0)
		return false;
	rename_item(x, "changed", hex(content, arena), arena);
	return true;
}

void wn_snapshot_broken(struct wn_feed_answer *a)
{
	if (a->snapshot)
		a->snapshot->broken = true;
}

/* Once, when all items of the answer are known: who is not there, and who is gone for good. */
static void compare(struct wn_feed_answer *a, struct wn_snapshot *s)
{
	bool same = a->poll.outcome == WN_POLL_NOT_MODIFIED; /* what was missing is missing still */
	int64_t walk = a->known.walk_us ? a->known.walk_us : a->now_us;
	s->compared = true;
	if (!same && (a->next_page.n || s->broken || a->doc.incomplete || a->doc.rejects_n || a->known.walk_broken))
		return;
	for (size_t i = 0; i < s->n_known; i++) {
		const struct wn_feed_item *x = &s->known[i];
		if (same ? !x->missing_us : (s->there[i] || x->seen_us >= walk))
			continue;
		if (!x->missing_us)
			*WN_PUSH(a->arena, &s->missing) = x->item;
		else if (a->now_us - x->missing_us >= BELIEVED_AFTER)
			s->removed[s->n_removed++] = i;
	}
}

bool wn_snapshot_has_more(struct wn_feed_answer *a)
{
	struct wn_snapshot *s = a->snapshot;
	if (!s)
		return false;
	if (!s->compared)
		compare(a, s);
	return s->at < s->n_removed;
}

bool wn_snapshot_next(struct wn_feed_answer *a, struct wn_arena *arena, struct wn_sighting *out)
{
	struct wn_snapshot *s = a->snapshot;
	const struct wn_feed_item *x = &s->known[s->removed[s->at++]];
	struct wn_err err = {0};
	*WN_PUSH(a->arena, &s->gone) = x->item;
	if (a->book_feed->conf->changes != WN_CHANGES_REMOVED ||
	    wn_mapping_apply(a->book_feed->mapping, x->value, a->doc.doc, x->item, 0, (struct wn_str){NULL, 0}, (struct wn_str){NULL, 0},
			     a->now_us, arena, out, &err) != WN_MAPPED)
		return false;
	out->occurred_us = x->missing_us; /* its own dates tell when it came */
	out->published_us = 0;
	rename_item(out, "removed", wn_str_of(wn_arena_printf(arena, "%lld", (long long)x->missing_us / 1000000)), arena);
	return true;
}

enum wn_rc wn_snapshot_move(struct wn_feed_answer *a, struct wn_store *store, int64_t now_us, struct wn_err *err)
{
	const struct wn_snapshot *s = a->snapshot;
	if (!s || a->error)
		return WN_OK;
	struct wn_feed_items_move m = {.afresh = s->afresh, .seen = s->seen.v, .n_seen = s->seen.n, .missing = s->missing.v,
				       .n_missing = s->missing.n, .gone = s->gone.v, .n_gone = s->gone.n,
				       .seen_us = now_us};
	return wn_store_feed_items_move(store, a->feed->name, &m, now_us, err);
}
