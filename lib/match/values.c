/* SPDX-License-Identifier: MIT */
/*
 * Memory of the index, and the values that rules name: an event's value that is not among them can make nothing
 * true by being there. Equal values have one number: 1, 1u and 1.0 are one, NaN is none.
 */
#include "inside.h"

#include <stdlib.h>

/* --- memory ------------------------------------------------------------------------------------------- */

/* Up to 64 units each size has its list; above, sizes are rounded up to eighths of a power of two. */
static size_t class_of(size_t units, size_t *rounded)
{
	*rounded = units;
	if (units <= 64)
		return units;
	unsigned top = 63 - (unsigned)__builtin_clzll(units - 1), step = top - 3;
	size_t eighths = ((units - 1) >> step) + 1;
	*rounded = eighths << step;
	return 64 + (top - 6) * 8 + (eighths - 8);
}

static void grow(struct store *s, size_t units)
{
	size_t cap = s->cap ? s->cap : 512;

	while (cap < s->n + units + 1)
		cap += cap / 4;
	if (cap >= REF_CELL)
		abort(); /* 16 GiB of rules */
	s->units = wn_realloc(s->units, cap * sizeof(*s->units));
	s->cap = (uint32_t)cap;
}

uint32_t wn_store_take(struct store *s, size_t units)
{
	size_t class = class_of(units, &units);
	uint32_t at = class < CLASSES ? s->free[class] : 0;

	if (at) {
		s->free[class] = (uint32_t)s->units[at];
		return at;
	}
	if (s->n == 0)
		s->n = 2; /* 0 is nothing; blocks begin at even units, so that they lie in few cache lines */
	if (s->n + units + 1 > s->cap)
		grow(s, units);
	at = s->n;
	s->n += (uint32_t)units;
	return at;
}

void wn_store_give(struct store *s, uint32_t at, size_t units)
{
	size_t class = class_of(units, &units);

	if (class >= CLASSES)
		return;
	s->units[at] = s->free[class];
	s->free[class] = at;
}

/* --- what is equal ------------------------------------------------------------------------------------ */

static uint64_t hash_bytes(const char *p, size_t n)
{
	uint64_t h = n * UINT64_C(0x9e3779b97f4a7c15), word;

	for (; n > 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		h = wn_mix(h, word);
	}
	word = 0;
	if (n == 8)
		memcpy(&word, p, 8);
	else if (n >= 4) {
		uint32_t low, high;
		memcpy(&low, p, 4);
		memcpy(&high, p + n - 4, 4);
		word = low | (uint64_t)high << 32;
	} else if (n)
		word = (uint8_t)p[0] | (uint64_t)(uint8_t)p[n / 2] << 8 | (uint64_t)(uint8_t)p[n - 1] << 16;
	return wn_mix(wn_mix(h, word), 0x5bd1e995);
}

static bool number(struct wn_value v, struct canonical *out)
{
	out->kind = WN_INT;
	out->bits = v.i;
	if (v.kind == WN_UINT && v.u > INT64_MAX)
		out->kind = WN_UINT;
	if (v.kind != WN_DOUBLE)
		return true;
	if (v.d != v.d)
		return false;
	if (v.d >= -0x1p63 && v.d < 0x1p63 && v.d == (double)(int64_t)v.d) {
		out->bits = (int64_t)v.d;
	} else if (v.d >= 0x1p63 && v.d < 0x1p64) {
		out->kind = WN_UINT;
		out->bits = (int64_t)(uint64_t)v.d;
	} else {
		out->kind = WN_DOUBLE;
		memcpy(&out->bits, &v.d, sizeof(v.d));
	}
	return true;
}

bool wn_canonical(uint16_t path, struct wn_value v, struct canonical *out)
{
	uint64_t h;

	switch (v.kind) {
	case WN_STRING:
		*out = (struct canonical){.kind = WN_STRING, .s = v.s, .len = v.n};
		h = hash_bytes(v.s, v.n);
		break;
	case WN_BOOL:
		*out = (struct canonical){.kind = WN_BOOL, .bits = v.b};
		h = v.b;
		break;
	case WN_INT:
	case WN_UINT:
	case WN_DOUBLE:
		*out = (struct canonical){0};
		if (!number(v, out))
			return false;
		h = (uint64_t)out->bits;
		break;
	default:
		return false;
	}
	h = wn_mix(h, (uint64_t)path << 8 | out->kind);
	out->hash = (uint32_t)(h ^ h >> 29);
	return true;
}

/* --- numbers of values -------------------------------------------------------------------------------- */

static uint32_t home(const struct values *vs, uint32_t hash)
{
	return (uint32_t)((uint64_t)hash * vs->n_slots >> 32);
}

static uint32_t after(const struct values *vs, uint32_t i)
{
	return i + 1 < vs->n_slots ? i + 1 : 0;
}

bool wn_value_is(const struct wn_index *x, uint32_t id, const struct canonical *c, uint16_t path)
{
	const struct value *v = &x->values.v[id];

	if (v->path != path || v->kind != c->kind)
		return false;
	if (c->kind != WN_STRING)
		return v->bits == c->bits;
	return v->len == c->len && memcmp(x->store.units + v->text, c->s, c->len) == 0;
}

uint32_t wn_value_find(const struct wn_index *x, const struct canonical *c, uint16_t path)
{
	const struct values *vs = &x->values;
	uint64_t slot;

	if (vs->n_slots == 0)
		return 0;
	for (uint32_t i = home(vs, c->hash); (slot = vs->slots[i]) != 0; i = after(vs, i))
		if (slot >> 32 == c->hash && wn_value_is(x, (uint32_t)slot, c, path))
			return (uint32_t)slot;
	return 0;
}

void wn_value_fetch(const struct wn_index *x, const struct canonical *c)
{
	if (x->values.n_slots)
		__builtin_prefetch(&x->values.slots[home(&x->values, c->hash)]);
}

uint32_t wn_value_guess(const struct wn_index *x, const struct canonical *c)
{
	const struct values *vs = &x->values;
	uint64_t slot;

	if (vs->n_slots == 0)
		return 0;
	for (uint32_t i = home(vs, c->hash); (slot = vs->slots[i]) != 0; i = after(vs, i))
		if (slot >> 32 == c->hash) {
			__builtin_prefetch(&vs->v[(uint32_t)slot]);
			return (uint32_t)slot;
		}
	return 0;
}

void wn_value_fetch_text(const struct wn_index *x, uint32_t id)
{
	if (id && x->values.v[id].kind == WN_STRING)
		__builtin_prefetch(x->store.units + x->values.v[id].text);
}

static void place(struct values *vs, uint32_t hash, uint32_t id)
{
	uint32_t i = home(vs, hash);

	while (vs->slots[i])
		i = after(vs, i);
	vs->slots[i] = (uint64_t)hash << 32 | id;
	vs->n_used++;
}

static void grow_slots(struct values *vs)
{
	uint64_t *old = vs->slots;
	uint32_t n = vs->n_slots;

	vs->n_slots = n ? n + n / 8 : 64;
	vs->slots = wn_alloc(vs->n_slots * sizeof(*vs->slots));
	vs->n_used = 0;
	for (uint32_t i = 0; i < n; i++)
		if (old[i])
			place(vs, (uint32_t)(old[i] >> 32), (uint32_t)old[i]);
	free(old);
}

static uint32_t append(struct values *vs, uint32_t n)
{
	if (vs->n == 0)
		vs->n = 1; /* 0 is nothing */
	while (vs->n + n > vs->cap) {
		vs->cap = vs->cap ? vs->cap + vs->cap / 8 : 64;
		vs->v = wn_realloc(vs->v, vs->cap * sizeof(*vs->v));
	}
	memset(vs->v + vs->n, 0, n * sizeof(*vs->v));
	vs->n += n;
	return vs->n - n;
}

uint32_t wn_value_new(struct wn_index *x, uint16_t path, uint32_t n)
{
	uint32_t id = append(&x->values, n);

	for (uint32_t i = id; i < id + n; i++)
		x->values.v[i] = (struct value){.path = path, .bit = NO, .users = 1};
	return id;
}

static uint32_t fresh(struct values *vs)
{
	uint32_t id = vs->free;

	if (!id)
		return append(vs, 1);
	vs->free = vs->v[id].users;
	return id;
}

static size_t text_units(uint32_t len)
{
	return len ? (len + 7) / 8 : 1;
}

static void copy_text(struct wn_index *x, struct value *v, const struct canonical *c)
{
	uint32_t at = wn_store_take(&x->store, text_units(c->len));

	memcpy(x->store.units + at, c->s, c->len);
	v->text = at;
	v->len = c->len;
}

uint32_t wn_value_use(struct wn_index *x, uint16_t path, const struct canonical *c)
{
	struct path *p = &x->paths[path];

	p->named++;
	uint32_t id = wn_value_find(x, c, path);
	if (id) {
		x->values.v[id].users++;
		return id;
	}
	id = fresh(&x->values);
	struct value *v = &x->values.v[id];
	*v = (struct value){.path = path, .kind = c->kind, .bit = NO, .users = 1, .bits = c->bits};
	if (c->kind == WN_STRING)
		copy_text(x, v, c);
	if (~p->small_used) {
		v->bit = (uint8_t)__builtin_ctzll(~p->small_used);
		p->small_used |= UINT64_C(1) << v->bit;
		p->small[v->bit] = id;
	}
	if (4 * ((uint64_t)x->values.n_used + 1) > 3 * (uint64_t)x->values.n_slots)
		grow_slots(&x->values);
	place(&x->values, c->hash, id);
	return id;
}

static uint32_t distance(const struct values *vs, uint32_t from, uint32_t to)
{
	return to >= from ? to - from : to + vs->n_slots - from;
}

static void unplace(struct values *vs, uint32_t hash, uint32_t id)
{
	uint32_t i = home(vs, hash);

	while ((uint32_t)vs->slots[i] != id)
		i = after(vs, i);
	for (uint32_t k = after(vs, i); vs->slots[k]; k = after(vs, k)) {
		uint32_t at = home(vs, (uint32_t)(vs->slots[k] >> 32));
		if (distance(vs, at, k) >= distance(vs, i, k)) {
			vs->slots[i] = vs->slots[k];
			i = k;
		}
	}
	vs->slots[i] = 0;
	vs->n_used--;
}

/* Of what the number stands for. */
static uint32_t hash_of(const struct wn_index *x, const struct value *v)
{
	struct canonical c;
	struct wn_value is = {.kind = v->kind, .i = v->bits};

	if (v->kind == WN_STRING) {
		is.n = v->len;
		is.s = (const char *)(x->store.units + v->text);
	} else if (v->kind == WN_BOOL) {
		is.b = v->bits;
	}
	return wn_canonical(v->path, is, &c) ? c.hash : 0;
}

void wn_value_drop(struct wn_index *x, uint32_t id)
{
	struct value *v = &x->values.v[id];
	struct path *p = &x->paths[v->path];

	p->named--;
	if (--v->users > 0)
		return;
	unplace(&x->values, hash_of(x, v), id);
	if (v->bit != NO) {
		p->small_used &= ~(UINT64_C(1) << v->bit);
		p->small[v->bit] = 0;
	}
	if (v->kind == WN_STRING)
		wn_store_give(&x->store, v->text, text_units(v->len));
	*v = (struct value){.users = x->values.free};
	x->values.free = id;
}
